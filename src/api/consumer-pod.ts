import { z } from 'zod'
import { CACHE_READY_GATE, INJECTED } from './annotations.ts'
import { LEADER_NAME, leaderName } from './leader-worker-set.ts'
import { valuesOf } from './metadata.ts'
import { cleanPath } from './mount-path.ts'
import { optional } from './null.ts'

/** Of each list of a pod so much is kept: anybody may make pods with our label, as large as they like. */
const MAX_KEPT = 128
/** Longer than the folder that a ModelCache may name, with its claim, and than the record of a pod with all the caches that it may name. */
const MAX_FOLDER = 1_280
/** The folder and the path that a ModelCache may name, with its claim. */
const MAX_PLACE = 2_560
const MAX_RECORD = 8_192

const metadata = z.object({
  name: z.string(),
  namespace: optional(z.string()),
  uid: optional(z.string()),
  resourceVersion: optional(z.string()),
  annotations: optional(valuesOf(INJECTED, LEADER_NAME)),
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
 * What is kept of a pod that was given caches: as little as rules ask about, because a cluster may have tens of
 * thousands of them.
 */
export const consumerPod = z
  .object({
    metadata,
    spec,
    status: optional(z.object({ phase: optional(z.string()) })),
  })
  .transform(({ metadata: { annotations, ...meta }, spec, status }) => ({
    metadata: meta,
    /** The leader of its gang. */
    leader: leaderName(annotations),
    /** What it was given, by its own annotation `modelplane.ai/injected`. */
    record: recordOf(annotations?.[INJECTED]),
    /** The claims that its volumes name. */
    claims: [...new Set(claimsOf(spec.volumes ?? []).map(([, claimName]) => claimName))].slice(0, MAX_KEPT),
    /** The folders that its containers mount, each as `claim/subPath`. The spec of a pod never changes, so these are sure. */
    folders: foldersOf(spec),
    /** Of a pod that waits: what its containers mount of claims, and where, each as `placeOf` writes it. */
    places: isGated(spec) ? placesOf(spec) : [],
    /** Whether it waits for its caches, so that nothing is mounted yet. */
    gated: isGated(spec),
    /** Whether its containers have ended for good. */
    finished: status?.phase === 'Succeeded' || status?.phase === 'Failed',
  }))

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

/** A folder of a claim, and where containers see it; spellings that mean the same are the same. */
export function placeOf(claimName: string, folder: string | undefined, mountPath: string): string {
  return `${claimName}${cleanPath(folder ?? '')} ${cleanPath(mountPath)}`
}

interface ClaimMount {
  claimName: string
  folder: string | undefined
  mountPath: string
}

/** What the containers mount of claims. */
function mountsOfClaims({ volumes, containers, initContainers }: Spec): ClaimMount[] {
  const claims = new Map(claimsOf(volumes ?? []))
  const mounts = [...containers, ...(initContainers ?? [])].flatMap(({ volumeMounts }) => volumeMounts ?? [])
  return mounts.flatMap(({ name, mountPath = '', subPath, subPathExpr }) => {
    const claimName = claims.get(name)
    return claimName === undefined ? [] : [{ claimName, folder: subPath ?? subPathExpr, mountPath }]
  })
}

function placesOf(spec: Spec): string[] {
  const places = mountsOfClaims(spec).map(({ claimName, folder, mountPath }) =>
    placeOf(claimName, folder, mountPath),
  )
  return kept(places, MAX_PLACE)
}

function foldersOf(spec: Spec): string[] {
  const folders = mountsOfClaims(spec).flatMap(({ claimName, folder }) =>
    folder === undefined ? [] : [`${claimName}/${folder}`],
  )
  return kept(folders, MAX_FOLDER)
}

/** Each once, and no more of them and no longer ones than are worth their memory. */
function kept(texts: readonly string[], maxLength: number): string[] {
  return [...new Set(texts)].filter(text => text.length <= maxLength).slice(0, MAX_KEPT)
}
