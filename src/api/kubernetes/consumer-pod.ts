import { createHash } from 'node:crypto'
import { z } from 'zod'
import { cleanPath } from '../mount-path.ts'
import { CACHE_READY_GATE, INJECTED } from '../names.ts'
import { optional } from '../schema/absent.ts'
import { MAX_NAME } from '../schema/object-name.ts'
import { LEADER_NAME, leaderName } from './leader-worker-set.ts'
import { asOwner, controllerOf, ownerReferences, valuesOf } from './metadata.ts'

/** We keep this much of each list of a pod, because anybody may create large pods with our label. */
const MAX_KEPT = 128
/** Longer than the record of a pod that names as many caches as it may. */
const MAX_RECORD = 8_192
/** Longer than any snapshot of a claim with its path. Longer texts are kept as a digest. */
const MAX_KEY = 160

const metadata = z.object({
  name: z.string(),
  namespace: optional(z.string()),
  uid: optional(z.string()),
  resourceVersion: optional(z.string()),
  creationTimestamp: optional(z.string()),
  annotations: optional(valuesOf(INJECTED, LEADER_NAME)),
  ownerReferences: optional(ownerReferences),
})

const container = z.object({
  volumeMounts: optional(
    z.array(
      z.object({
        name: z.string(),
        mountPath: optional(z.string()),
        subPath: optional(z.string()),
        subPathExpr: optional(z.string()),
      }),
    ),
  ),
})

const volume = z.object({
  name: z.string(),
  persistentVolumeClaim: optional(z.object({ claimName: z.string() })),
})

const spec = z.object({
  containers: z.array(container),
  initContainers: optional(z.array(container)),
  volumes: optional(z.array(volume)),
  schedulingGates: optional(z.array(z.object({ name: z.string() }))),
})

type Spec = z.infer<typeof spec>

/**
 * What we keep of a pod that got caches: only what rules ask about, because a cluster may have tens of
 * thousands of them.
 */
export const consumerPod = z.compile(
  z
    .object({
      metadata,
      spec,
      status: optional(z.object({ phase: optional(z.string()) })),
    })
    .transform(
      ({ metadata: { annotations, creationTimestamp, ownerReferences, ...meta }, spec, status }) => ({
        metadata: meta,
        /** What has created the pod. */
        owner: asOwner(controllerOf({ ownerReferences })),
        /** The leader of its gang. */
        leader: leaderName(annotations),
        /** What the pod was given, from its annotation `modelplane.ai/injected`. */
        record: recordOf(annotations?.[INJECTED]),
        /** The claims that its volumes name. */
        claims: kept(claimsOf(spec.volumes ?? []).map(([, claimName]) => claimName)),
        /**
         * The folders that its containers mount, each in the form of `folderOf`. The spec of a pod never
         * changes, so these stay true.
         */
        folders: foldersOf(spec),
        /**
         * For a waiting pod: the folders of claims that its containers mount, and where, each in the form of
         * `placeOf`.
         */
        places: isGated(spec) ? placesOf(spec) : [],
        /** Whether the pod waits for its caches, so that nothing is mounted yet. */
        gated: isGated(spec),
        /** Since when a waiting pod waits. */
        gatedSince: isGated(spec) ? creationTimestamp : undefined,
        /** Whether its containers have ended for good. */
        finished: status?.phase === 'Succeeded' || status?.phase === 'Failed',
      }),
    ),
)

export type ConsumerPod = z.infer<typeof consumerPod>

function isGated({ schedulingGates }: Spec): boolean {
  return schedulingGates?.some(({ name }) => name === CACHE_READY_GATE) ?? false
}

function recordOf(record: string | undefined): string | undefined {
  return record === undefined || record.length > MAX_RECORD ? undefined : record
}

function claimsOf(volumes: readonly z.infer<typeof volume>[]): [name: string, claimName: string][] {
  return volumes.flatMap(({ name, persistentVolumeClaim: claim }) => (claim ? [[name, claim.claimName]] : []))
}

/** A folder of a claim. */
export function folderOf(claimName: string, folder: string): string {
  return keyOf(`${claimName}/${folder}`)
}

/** A folder of a claim, and where containers see it. Two spellings of the same place give the same text. */
export function placeOf(claimName: string, folder: string | undefined, mountPath: string): string {
  return keyOf(`${claimName}${cleanPath(folder ?? '')} ${cleanPath(mountPath)}`)
}

/** A text that is only compared. A long one is replaced by its digest. */
function keyOf(text: string): string {
  return text.length <= MAX_KEY ? text : createHash('sha256').update(text).digest('base64')
}

interface ClaimMount {
  claimName: string
  folder: string | undefined
  mountPath: string
}

/** The folders that the containers mount of claims. */
function mountsOfClaims({ volumes, containers, initContainers }: Spec): ClaimMount[] {
  const claims = new Map(claimsOf(volumes ?? []))
  const mounts = [...containers, ...(initContainers ?? [])].flatMap(({ volumeMounts }) => volumeMounts ?? [])
  return mounts.flatMap(({ name, mountPath = '', subPath, subPathExpr }) => {
    const claimName = claims.get(name)
    return claimName === undefined ? [] : [{ claimName, folder: subPath ?? subPathExpr, mountPath }]
  })
}

function placesOf(spec: Spec): string[] {
  return kept(
    mountsOfClaims(spec).map(({ claimName, folder, mountPath }) => placeOf(claimName, folder, mountPath)),
  )
}

function foldersOf(spec: Spec): string[] {
  return kept(
    mountsOfClaims(spec).flatMap(({ claimName, folder }) =>
      folder === undefined ? [] : [folderOf(claimName, folder)],
    ),
  )
}

/** Each folder once. The number and the length are bounded, to save memory. */
function kept(keys: readonly string[]): string[] {
  return [...new Set(keys)].filter(key => key.length <= MAX_NAME).slice(0, MAX_KEPT)
}
