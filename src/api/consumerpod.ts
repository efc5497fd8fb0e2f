import { z } from 'zod'
import { CACHE_READY_GATE, INJECTED } from './annotations.ts'
import { LEADER_NAME, leaderName } from './leaderworkerset.ts'
import { valuesOf } from './metadata.ts'
import { cleanPath } from './mountpath.ts'

/** Of each list of a pod so much is kept: anybody may make pods with our label, as large as they like. */
const MAX_KEPT = 128
/** Longer than the folder that a ModelCache may name, with its claim, and than the record of a pod with all the caches that it may name. */
const MAX_FOLDER = 1_280
/** The folder and the path that a ModelCache may name, with its claim. */
const MAX_PLACE = 2_560
const MAX_RECORD = 8_192

const metadata = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  annotations: valuesOf(INJECTED, LEADER_NAME).nullish(),
})

const container = z.object({
  volumeMounts: z
    .array(
      z.object({
        name: z.string(),
        mountPath: z.string().optional(),
        subPath: z.string().optional(),
        subPathExpr: z.string().optional(),
      }),
    )
    .nullish(),
})

const volume = z.object({
  name: z.string(),
  persistentVolumeClaim: z.object({ claimName: z.string() }).nullish(),
})

/**
 * What is kept of a pod that was given caches: as little as rules ask about, because a cluster may have tens of
 * thousands of them.
 */
export const consumerPod = z
  .object({
    metadata,
    spec: z.object({
      containers: z.array(container),
      initContainers: z.array(container).nullish(),
      volumes: z.array(volume).nullish(),
      schedulingGates: z.array(z.object({ name: z.string() })).nullish(),
    }),
    status: z.object({ phase: z.string().optional() }).optional(),
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
    folders: foldersOf(spec.volumes ?? [], [...spec.containers, ...(spec.initContainers ?? [])]),
    /** Of a pod that waits: what its containers mount of claims, and where, each as `placeOf` writes it. */
    places: isGated(spec)
      ? placesOf(spec.volumes ?? [], [...spec.containers, ...(spec.initContainers ?? [])])
      : [],
    /** Whether it waits for its caches, so that nothing is mounted yet. */
    gated: isGated(spec),
    /** Whether its containers have ended for good. */
    finished: status?.phase === 'Succeeded' || status?.phase === 'Failed',
  }))

export type ConsumerPod = z.infer<typeof consumerPod>

function isGated({ schedulingGates }: { schedulingGates?: { name: string }[] | null | undefined }): boolean {
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

function placesOf(
  volumes: readonly z.infer<typeof volume>[],
  containers: readonly z.infer<typeof container>[],
): string[] {
  const claims = new Map(claimsOf(volumes))
  const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts ?? [])
  const places = mounts.flatMap(({ name, mountPath = '', subPath, subPathExpr }) => {
    const claimName = claims.get(name)
    return claimName === undefined ? [] : [placeOf(claimName, subPath ?? subPathExpr, mountPath)]
  })
  return [...new Set(places)].filter(place => place.length <= MAX_PLACE).slice(0, MAX_KEPT)
}

function foldersOf(
  volumes: readonly z.infer<typeof volume>[],
  containers: readonly z.infer<typeof container>[],
): string[] {
  const claims = new Map(claimsOf(volumes))
  const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts ?? [])
  const folders = mounts.flatMap(({ name, subPath, subPathExpr }) => {
    const claimName = claims.get(name)
    const folder = subPath ?? subPathExpr
    return claimName === undefined || folder === undefined ? [] : [`${claimName}/${folder}`]
  })
  return [...new Set(folders)].filter(folder => folder.length <= MAX_FOLDER).slice(0, MAX_KEPT)
}
