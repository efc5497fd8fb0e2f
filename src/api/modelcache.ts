import { z } from 'zod'
import { artifactSource } from './artifact-source.ts'
import { hydration, NULLABLE } from './hydration.ts'
import { storedObjectMeta } from './kubernetes/metadata.ts'
import { LABELS, labelSelector } from './label-selector.ts'
import { modelCacheRules } from './modelcache-rules.ts'
import { modelCacheStatus } from './modelcache-status.ts'
import {
  ALLOW_DELETE_IN_USE,
  COPIES_FINALIZER,
  PAUSED,
  REFETCH,
  REVISION,
  SECRET_VERSION,
  STORAGE_FINALIZER,
  VERIFY,
} from './names.ts'
import { ARTIFACT_KINDS, BACKENDS, REPLICATIONS } from './not-implemented.ts'
import { customResource, mapValue, optional } from './schema/absent.ts'
import { listOf, mapOf, text } from './schema/bounds.ts'
import { digestOf } from './schema/digest.ts'
import { API_VERSION } from './schema/group.ts'
import { objectName } from './schema/object-name.ts'
import { reserved } from './schema/reserved.ts'
import { cut, printable } from './schema/text.ts'

const artifact = z.object({
  kind: z
    .enum(ARTIFACT_KINDS)
    .default('Weights')
    .describe('What the artifact is. Adapter and Engine are reserved: not implemented.'),
  source: artifactSource
    .optional()
    .describe(
      'Where the bytes come from: exactly one member, or none if the claim of backend ExistingPVC is already filled.',
    ),
  adapterType: reserved('string'),
  baseRef: reserved('object'),
  engine: reserved('object'),
  resolvedVia: reserved('object'),
})

/** Minutes from 5 on, or hours up to a year. */
const INTERVAL = /^([5-9]|[1-9][0-9]{1,4})m$|^[1-9][0-9]{0,3}h$/

/** Nobody names more by hand. */
const MAX_SCRATCH = 16
const MAX_SCRATCH_PATH = 256

const mount = z.object({
  path: text(1024).min(2).describe('Absolute path where containers see the artifact, read-only.'),
  scratch: listOf(text(MAX_SCRATCH_PATH).min(1), MAX_SCRATCH)
    .optional()
    .describe(
      'Folders below the path that containers may write to, such as locks of an engine: each pod gets empty ones, which end with it. They hide what the artifact has there.',
    )
    .meta({ 'x-kubernetes-list-type': 'set' }),
})

const pvc = z.object({
  storageClassName: objectName
    .optional()
    .describe(
      'StorageClass of the claim. It must support ReadWriteMany. Default: that of the InferenceCluster, or else the default StorageClass.',
    ),
  sizeGiB: z
    .int()
    .min(1)
    .max(1_048_576)
    .optional()
    .describe(
      'Size of the claim in GiB. It may only grow. Default: the measured size of the source plus headroom.',
    ),
  keepSnapshots: z
    .int()
    .min(0)
    .max(63)
    .optional()
    .describe(
      'How many snapshots stay on the claim beside the present one, although no pod mounts them. Default: 1.',
    ),
  labels: mapOf(text(63), LABELS)
    .optional()
    .describe(
      'More labels of the claim. The controller sets them when it creates the claim, and never again.',
    ),
  annotations: mapOf(text(16_384), LABELS)
    .optional()
    .describe(
      'More annotations of the claim. The controller sets them when it creates the claim, and never again.',
    ),
})

const existingPVC = z.object({
  name: objectName.describe(
    'Name of a claim: ReadWriteMany, or ReadOnlyMany if it already holds the artifact.',
  ),
  namespace: objectName
    .optional()
    .describe(
      'Must be the namespace of the ModelCache, which is also the default, because pods only mount claims of their own namespace.',
    ),
  subPath: text(1024)
    .min(1)
    .optional()
    .describe(
      'Folder of the claim to mount, by default its root. With a source, the folder that the artifact is staged into.',
    ),
})

const storage = z.object({
  backend: z
    .enum(BACKENDS)
    .default('PVC')
    .describe(
      'PVC: a claim that the controller creates and fills. ExistingPVC: a claim of your own; with a source, the controller stages it into a folder of that claim, and without one it writes nothing. Custom and ContentAddressed are reserved: not implemented.',
    ),
  pvc: pvc.optional().describe('The claim of backend PVC.'),
  existingPVC: existingPVC.optional().describe('The claim of backend ExistingPVC.'),
  contentAddressed: reserved('object'),
})

const refetch = z.object({
  every: z
    .string()
    .regex(INTERVAL, 'must be minutes or hours, such as 30m or 24h, from 5m on')
    .describe(
      'How often the controller looks whether the source has something newer, such as 24h, from 5m to 8760h. It stages that, and the cache stays Ready meanwhile.',
    ),
})

const spec = z
  .object({
    artifact: artifact.prefault({}).describe('What to stage. Immutable, except for credentials.'),
    mount: mount.describe('Where pods see it. Immutable.'),
    // The API server runs the rules of an object on its default as well.
    storage: storage.prefault({ backend: 'PVC' }).describe('Where it is staged.'),
    hydration: hydration.optional().describe('Where and how the hydration Job runs.'),
    refetch: refetch.optional().describe('When to look at the source again. Default: never.'),
    clusterSelector: labelSelector
      .optional()
      .describe('Clusters to stage the artifact in. Default: only this cluster.'),
    replication: z
      .enum(REPLICATIONS)
      .optional()
      .describe('How clusters are chosen. AllMatchingNodes is reserved: not implemented.'),
  })
  .meta({ 'x-kubernetes-validations': modelCacheRules })

/** Only `true` has a meaning. */
const flag = mapValue(z.string()).transform(given => cut(given, 16))

/**
 * Text of any length that we only compare. If it is long or has unprintable characters, we keep its digest.
 */
function mark(given: string): string {
  return given.length <= 71 && printable(given) === given ? given : digestOf(given)
}

/** The metadata that rules and controllers read, with our own finalizers and annotations. */
export const cacheMeta = storedObjectMeta.extend({
  annotations: optional(
    z.object({
      [ALLOW_DELETE_IN_USE]: flag.optional(),
      [PAUSED]: flag.optional(),
      [REFETCH]: mapValue(z.string()).transform(mark).optional(),
      [REVISION]: mapValue(z.string()).transform(mark).optional(),
      [SECRET_VERSION]: mapValue(z.string()).transform(mark).optional(),
      [VERIFY]: mapValue(z.string()).transform(mark).optional(),
    }),
  ),
  finalizers: optional(
    listOf(text(317), 64).transform(all =>
      all.filter(each => each === STORAGE_FINALIZER || each === COPIES_FINALIZER),
    ),
  ),
})

/** The only definition of a ModelCache: the CRD, its CEL rules and the TypeScript type come from it. */
export const modelCache = customResource(
  z
    .object({
      apiVersion: z.literal(API_VERSION),
      kind: z.literal('ModelCache'),
      metadata: cacheMeta,
      spec: spec.describe('What to stage, and where.'),
      // GitOps tools take an object without a status for one that is done.
      status: modelCacheStatus
        .optional()
        .describe('What the controller observed.')
        .meta({ default: { observedGeneration: -1 } }),
    })
    .describe(
      'A ModelCache stages one artifact, such as the weights of a language model, once per cluster, and is mounted read-only into every pod that names it.',
    ),
  NULLABLE,
)

export type ModelCache = z.infer<typeof modelCache> & {
  /**
   * Only on a cache that is kept in memory, set by `condensed`: a digest of everything that its Job is made
   * from, because some of that is left out.
   */
  readonly jobInputs?: string
}
export type ModelCacheSpec = ModelCache['spec']
