import { z } from 'zod'
import { condition } from './condition.ts'
import { SHA256_DIGEST } from './schema/digest.ts'

/** As many clusters are named in status. */
export const MAX_CLUSTERS = 200

const cluster = z.object({
  name: z.string().max(253).describe('Name of the cluster.'),
  phase: z
    .string()
    .max(64)
    .optional()
    .describe('Phase of the cache in that cluster. Unknown if the hub does not reach it.'),
  ready: z
    .boolean()
    .optional()
    .describe('Whether the cache is Ready in that cluster, as far as it was heard of last.'),
  digest: z.string().regex(SHA256_DIGEST).optional().describe('Digest of the snapshot in that cluster.'),
  sizeBytes: z.int().min(0).optional().describe('Bytes staged in that cluster.'),
  message: z.string().max(1024).optional().describe('What the cluster says.'),
})

export type ClusterEntry = z.infer<typeof cluster>

const runFailure = z.object({
  reason: z.string().max(1024).describe('Why, as one CamelCase word.'),
  message: z.string().max(4096).describe('Why, in a sentence.'),
  finishedAt: z.string().meta({ format: 'date-time' }).describe('When the run ended.'),
  nextAttemptAt: z
    .string()
    .meta({ format: 'date-time' })
    .optional()
    .describe('When the controller tries again. Absent if it waits for somebody to act.'),
  madeFrom: z
    .string()
    .max(64)
    .describe(
      'Hash of everything that the Job was made from. Once that changes, the failure no longer counts.',
    ),
})

const hydrationRun = z.object({
  jobName: z.string().optional().describe('Name of the hydration Job.'),
  jobUID: z.string().optional().describe('UID of the hydration Job, which identifies its pods.'),
  attempt: z
    .int()
    .min(0)
    .optional()
    .describe('Number of this run since the last complete one. Absent if the last run was complete.'),
  message: z
    .string()
    .max(4096)
    .optional()
    .describe('State of a run that stages a Ready cache again, or hashes its snapshot.'),
  revision: z.string().max(512).optional().describe('The commit or digest that the present run stages.'),
  refetch: z
    .string()
    .max(256)
    .optional()
    .describe('Value of annotation modelplane.ai/refetch at the last complete run.'),
  verify: z
    .string()
    .max(256)
    .optional()
    .describe('Value of annotation modelplane.ai/verify at the last complete verification.'),
  startedAt: z.string().meta({ format: 'date-time' }).optional().describe('When this run started.'),
  resumed: z
    .boolean()
    .optional()
    .describe(
      'Whether the controller has let the Job start. Whoever suspends the Job later also resumes it.',
    ),
  failure: runFailure
    .optional()
    .describe('How this run failed. Status keeps it, because the Job may be deleted at any time.'),
})

const verification = z.object({
  digest: z.string().regex(SHA256_DIGEST).describe('Digest of the snapshot that was hashed.'),
  intact: z.boolean().describe('Whether every file was what was staged.'),
  message: z.string().max(4096).optional().describe('Which files were not.'),
  finishedAt: z.string().meta({ format: 'date-time' }).describe('When the last file was hashed.'),
})

const snapshot = z.object({
  digest: z
    .string()
    .regex(SHA256_DIGEST)
    .describe('Digest of the snapshot, which is also the name of its folder.'),
})

const references = z.object({
  count: z.int().min(0).describe('How many there are.'),
  workloads: z
    .array(z.string().max(512))
    .max(100)
    .describe('The first of them in the order of their names, as Kind/name: the topmost owners of the pods.')
    .meta({ 'x-kubernetes-list-type': 'set' }),
})

const removal = z.object({
  digests: z
    .array(z.string().regex(SHA256_DIGEST))
    .max(64)
    .describe('Digests of the snapshots.')
    .meta({ 'x-kubernetes-list-type': 'set' }),
  since: z.string().meta({ format: 'date-time' }).describe('Since when no pod gets them.'),
})

export const PHASES = ['Pending', 'Resolving', 'Provisioning', 'Hydrating', 'Ready', 'Failed'] as const

export const modelCacheStatus = z.object({
  observedGeneration: z
    .int()
    .min(-1)
    .optional()
    .describe('Generation of the spec that this status is for; -1 before the controller has looked at it.'),
  phase: z.enum(PHASES).optional().describe('One word for people. Programs should read the conditions.'),
  conditions: z
    .array(condition('Ready, Populated, Failed, Replicated, Reconciling or Stalled.'))
    .max(16)
    .optional()
    .describe(
      'Ready, Populated and Failed, with several clusters Replicated, and while the cache is not Ready, Reconciling or Stalled.',
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  source: z.string().max(4096).optional().describe('The source in one line, for people.'),
  resolvedRevision: z
    .string()
    .optional()
    .describe('What the tag or branch pointed to: git commit, S3 version or OCI digest.'),
  resolvedDigest: z
    .string()
    .regex(SHA256_DIGEST)
    .optional()
    .describe('Digest over the sorted (path, size, sha256) list of the staged files.'),
  snapshots: z
    .array(snapshot)
    .max(64)
    .optional()
    .describe('The complete snapshots on the claim. Running pods keep an older one.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['digest'] }),
  references: references
    .optional()
    .describe('The workloads whose pods have got the cache and have not ended.'),
  removal: removal.optional().describe('The snapshots whose bytes are going. No pod gets them any more.'),
  bytesStaged: z.int().min(0).optional().describe('Bytes on the volume so far.'),
  bytesTotal: z.int().min(0).optional().describe('Bytes of the whole artifact.'),
  filesStaged: z.int().min(0).optional().describe('Files on the volume so far.'),
  progress: z.string().max(16).optional().describe('Percentage of the bytes that are staged, such as 62%.'),
  size: z
    .string()
    .max(32)
    .optional()
    .describe('Size of the artifact, for people. Of a claim that people filled, its capacity.'),
  lastHydratedAt: z
    .string()
    .meta({ format: 'date-time' })
    .optional()
    .describe('When the snapshot was completed.'),
  lastCheckedAt: z
    .string()
    .meta({ format: 'date-time' })
    .optional()
    .describe('When the controller last looked at the source, if `spec.refetch` asks for that.'),
  claimName: z.string().optional().describe('The PersistentVolumeClaim that pods mount.'),
  claimUID: z
    .string()
    .optional()
    .describe(
      'UID of that claim. If the claim is replaced, its UID changes and the cache is no longer Ready.',
    ),
  verification: verification.optional().describe('The last verification of the present snapshot.'),
  hydration: hydrationRun.optional().describe('The current or last run of the hydration Job.'),
  clusters: z
    .array(cluster)
    .max(1024)
    .optional()
    .describe(`The cache in each cluster, sorted. Of many clusters, the first ${MAX_CLUSTERS}.`)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  moreClusters: z.int().min(0).optional().describe('How many clusters are left out of that list.'),
  replicas: z
    .string()
    .max(32)
    .optional()
    .describe('In how many of its clusters it is Ready, such as 3/4. Only with a hub.'),
})

export type ModelCacheStatus = z.infer<typeof modelCacheStatus>
