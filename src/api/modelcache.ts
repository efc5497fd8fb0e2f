import { z } from 'zod'
import { API_VERSION } from './group.ts'
import { storedObjectMeta } from './metadata.ts'
import { modelCacheRules } from './modelcacherules.ts'
import { modelCacheStatus } from './modelcachestatus.ts'
import { ARTIFACT_KINDS, BACKENDS, REPLICATIONS } from './notimplemented.ts'

/** A Kubernetes object name: a DNS subdomain (RFC 1123). */
const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)

const CREDENTIALS = 'Credentials. Mounted into the hydration Job alone. May be changed at any time.'

const secretRef = z
  .object({
    name: objectName.describe('Name of the Secret, in the namespace of the ModelCache.'),
  })
  .describe(CREDENTIALS)

const secretKeyRef = secretRef
  .extend({
    key: z.string().min(1).max(253).default('token').describe('Key within the Secret that holds the token.'),
  })
  .describe(CREDENTIALS)

const globs = z.array(z.string().min(1).max(256)).max(64)

const huggingFace = z.object({
  repo: z
    .string()
    .max(193)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)?$/)
    .describe('Repository, such as meta-llama/Llama-3.3-70B-Instruct.'),
  revision: z
    .string()
    .min(1)
    .max(255)
    .default('main')
    .describe(
      'Branch, tag or commit. A branch or tag is resolved to a commit once, before the first byte is fetched.',
    ),
  include: globs
    .optional()
    .describe('Glob patterns of the files to stage. Absent: what an inference engine needs.'),
  exclude: globs.optional().describe('Glob patterns of files to leave out, applied after include.'),
  secretRef: secretKeyRef.optional(),
})

const s3 = z.object({
  uri: z
    .string()
    .max(1024)
    .regex(/^s3:\/\/[^/]+/)
    .describe('Bucket and key prefix: s3://bucket/prefix/.'),
  region: z.string().min(1).max(64).optional().describe('Region of the bucket.'),
  endpoint: z
    .string()
    .max(1024)
    .regex(/^https?:\/\/[^/]+/)
    .optional()
    .describe('Endpoint URL of an S3-compatible store. Absent: AWS.'),
  secretRef: secretRef.optional(),
})

const http = z.object({
  url: z
    .string()
    .max(4096)
    .regex(/^https?:\/\/[^/]+/)
    .describe('The http or https URL of a file, or of a tar, tar.gz or zip archive.'),
  sha256: z
    .string()
    .regex(/^[a-f0-9]{64}$/)
    .optional()
    .describe('SHA-256 of what the URL serves, as 64 lower-case hexadecimal digits.'),
  secretRef: secretKeyRef.optional(),
})

const oci = z.object({
  reference: z
    .string()
    .max(512)
    .regex(/^[^/\s]+\/[^\s]+$/)
    .describe('Image or artifact reference: registry/repository:tag or registry/repository@sha256:….'),
  secretRef: secretRef.optional(),
})

const inline = z.object({
  files: z
    .record(z.string().min(1), z.string().max(262_144))
    .describe('File name to content. For small text, 256 KiB in all.')
    .meta({ maxProperties: 64, minProperties: 1 }),
})

const configMap = z.object({
  name: objectName.describe('Name of the ConfigMap, in the namespace of the ModelCache.'),
})

/** Members that the API reserves: accepted by the schema so that a rule can reject them by name. */
const reserved = z.looseObject({})

const source = z.object({
  huggingFace: huggingFace.optional().describe('A Hugging Face repository.'),
  s3: s3.optional().describe('Objects under a prefix of an S3 bucket.'),
  http: http.optional().describe('A file or an archive behind a URL.'),
  oci: oci.optional().describe('An OCI artifact or image.'),
  inline: inline.optional().describe('Small text files, written in the ModelCache itself.'),
  configMap: configMap.optional().describe('The files of a ConfigMap.'),
  gcs: reserved.optional().describe('Reserved: not implemented.'),
  azure: reserved.optional().describe('Reserved: not implemented.'),
  pvcClone: reserved.optional().describe('Reserved: not implemented.'),
})

const artifact = z.object({
  kind: z
    .enum(ARTIFACT_KINDS)
    .default('Weights')
    .describe('What the artifact is. Adapter and Engine are reserved: not implemented.'),
  source: source
    .optional()
    .describe('Where the bytes come from: exactly one member. None with backend ExistingPVC.'),
  resolvedVia: z.string().max(253).optional().describe('Reserved: not implemented.'),
})

const mount = z.object({
  path: z
    .string()
    .min(2)
    .max(1024)
    .describe('Absolute path at which containers see the artifact, read-only.'),
})

const pvc = z.object({
  storageClassName: objectName
    .optional()
    .describe('StorageClass of the claim; it must support ReadWriteMany. Absent: the default StorageClass.'),
  sizeGiB: z
    .int()
    .min(1)
    .max(1_048_576)
    .optional()
    .describe(
      'Size of the claim in GiB. Absent: the measured size of the source plus head room. May only grow.',
    ),
})

const existingPVC = z.object({
  name: objectName.describe(
    'Name of a bound ReadWriteMany or ReadOnlyMany claim that holds the artifact already.',
  ),
  namespace: objectName
    .optional()
    .describe(
      'Must be the namespace of the ModelCache, which is also the default: pods mount claims of their own namespace only.',
    ),
  subPath: z.string().min(1).max(1024).optional().describe('Folder of the claim to mount. Absent: its root.'),
})

const storage = z.object({
  backend: z
    .enum(BACKENDS)
    .default('PVC')
    .describe(
      'PVC: a claim that this project creates and fills. ExistingPVC: a claim that is filled already; nothing is written. Custom and ContentAddressed are reserved: not implemented.',
    ),
  pvc: pvc.optional().describe('The claim of backend PVC.'),
  existingPVC: existingPVC.optional().describe('The claim of backend ExistingPVC.'),
})

const quantity = z.union([z.string(), z.int()]).meta({ 'x-kubernetes-int-or-string': true })
const quantities = z.record(z.string(), quantity)

const toleration = z.object({
  key: z.string().optional().describe('Taint key. Absent: every key.'),
  operator: z.enum(['Exists', 'Equal']).optional().describe('Exists or Equal, the default.'),
  value: z.string().optional().describe('Taint value that operator Equal compares with.'),
  effect: z.string().optional().describe('Taint effect. Absent: every effect.'),
  tolerationSeconds: z
    .int()
    .optional()
    .describe('How long a NoExecute taint is tolerated. Absent: for ever.'),
})

const hydration = z.object({
  serviceAccountName: objectName
    .optional()
    .describe('ServiceAccount of the Job, for ambient cloud identity.'),
  nodeSelector: z.record(z.string(), z.string()).optional().describe('Nodes that the Job may run on.'),
  tolerations: z.array(toleration).max(32).optional().describe('Taints that the Job tolerates.'),
  resources: z
    .object({
      requests: quantities.optional().describe('Resources that the Job asks for.'),
      limits: quantities.optional().describe('Resources that the Job may not exceed.'),
    })
    .optional()
    .describe('Resources of the Job, apart from those of the serving pods.'),
  securityContext: z
    .object({
      runAsUser: z.int().min(0).optional().describe('User id of the Job. Default 65532.'),
      runAsGroup: z.int().min(0).optional().describe('Group id of the Job. Default 65532.'),
      fsGroup: z.int().min(0).optional().describe('Group that owns the volume. Default 65532.'),
      supplementalGroups: z.array(z.int().min(0)).max(32).optional().describe('Further groups of the Job.'),
    })
    .optional()
    .describe('For volumes that only another user or group may write.'),
})

const labelSelector = z.object({
  matchLabels: z.record(z.string(), z.string()).optional().describe('Labels that must all be present.'),
  matchExpressions: z
    .array(
      z.object({
        key: z.string().describe('Label key.'),
        operator: z
          .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
          .describe('How the key relates to the values.'),
        values: z.array(z.string()).optional().describe('Values for In and NotIn.'),
      }),
    )
    .max(32)
    .optional()
    .describe('Requirements that must all hold.'),
})

const spec = z
  .object({
    artifact: artifact.describe('What to stage. Immutable, but for credentials.'),
    mount: mount.describe('Where pods see it. Immutable.'),
    storage: storage.prefault({}).describe('Where it is staged.'),
    hydration: hydration.optional().describe('Where and how the hydration Job runs.'),
    clusterSelector: labelSelector
      .optional()
      .describe('Clusters to stage the artifact in. Absent: this cluster alone.'),
    replication: z
      .enum(REPLICATIONS)
      .optional()
      .describe('How clusters are chosen. AllMatchingNodes is reserved: not implemented.'),
  })
  .meta({ 'x-kubernetes-validations': modelCacheRules })

/** The only definition of a ModelCache: the CRD, its CEL rules and the TypeScript type come from it. */
export const modelCache = z
  .object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('ModelCache'),
    metadata: storedObjectMeta,
    spec: spec.describe('What to stage, and where.'),
    status: modelCacheStatus.optional().describe('What the controller observed.'),
  })
  .describe(
    'A ModelCache stages one artifact, such as the weights of a language model, once per cluster, and is mounted read-only into every pod that names it.',
  )

export type ModelCache = z.infer<typeof modelCache>
export type ModelCacheSpec = ModelCache['spec']
