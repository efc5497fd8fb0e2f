import { cacheMetadata, digest, objectName } from './kinds.ts'
import { ALPHANUMERIC, DIGITS, madeOf } from './names.ts'
import {
  anything,
  both,
  flag,
  having,
  listOf,
  mapOf,
  maybe,
  oneOf,
  type Shape,
  text,
  textOf,
  whole,
} from './shape.ts'

/** The shape of a ModelCache, from its CRD: types, enums, lengths and patterns. */

const wholeQuantity: Shape = given =>
  textOf(0, 64)(given) || (typeof given === 'number' && whole(Number.MIN_SAFE_INTEGER)(given))
const secretRef = maybe(having({ name: objectName }))
const secretKey: Shape = given =>
  textOf(1, 253)(given) && typeof given === 'string' && madeOf(given, `${ALPHANUMERIC}-._`)
const secretKeyRef = maybe(having({ name: objectName, key: maybe(secretKey) }))
const urlRef = maybe(having({ name: objectName, key: maybe(secretKey), urlKey: maybe(secretKey) }))
const key = textOf(0, 317)
const value = textOf(0, 63)
const labels = mapOf(value, key, 64)
const quantities = maybe(mapOf(wholeQuantity, key, 32))
const globs = maybe(listOf(textOf(1, 256), 64))
const sha256: Shape = value =>
  typeof value === 'string' && value.length === 64 && madeOf(value, `${DIGITS}abcdef`)
const httpFile = having({ url: textOf(0, 2048), sha256: maybe(sha256), path: maybe(textOf(1, 1024)) })

const source = having({
  huggingFace: maybe(
    having({
      repo: textOf(0, 193),
      kind: maybe(oneOf('model', 'dataset')),
      revision: maybe(textOf(1, 255)),
      include: globs,
      exclude: globs,
      endpoint: maybe(textOf(0, 1024)),
      secretRef: secretKeyRef,
    }),
  ),
  s3: maybe(
    having({
      uri: textOf(0, 1024),
      region: maybe(textOf(1, 64)),
      endpoint: maybe(textOf(0, 1024)),
      requesterPays: maybe(flag),
      secretRef,
    }),
  ),
  http: maybe(
    having({
      url: maybe(textOf(0, 4096)),
      sha256: maybe(sha256),
      urls: maybe(both(listOf(httpFile, 64), value => Array.isArray(value) && value.length > 0)),
      sha256sums: maybe(textOf(0, 2048)),
      archive: maybe(oneOf('Auto', 'None', 'tar', 'zip')),
      stripComponents: maybe(whole(0, 16)),
      secretRef: urlRef,
    }),
  ),
  oci: maybe(
    having({
      reference: textOf(0, 512),
      platform: maybe(textOf(0, 64)),
      path: maybe(textOf(1, 1024)),
      plainHTTP: maybe(flag),
      secretRef,
    }),
  ),
  inline: maybe(having({ files: mapOf(textOf(0, 262_144), textOf(0, 1024), 64) })),
  configMap: maybe(having({ name: objectName })),
  gcs: maybe(
    having({
      uri: textOf(0, 1024),
      endpoint: maybe(textOf(0, 1024)),
      userProject: maybe(textOf(1, 64)),
      secretRef,
    }),
  ),
  azure: maybe(
    having({ account: textOf(0, 24), uri: textOf(0, 1200), endpoint: maybe(textOf(0, 1024)), secretRef }),
  ),
  pvcClone: maybe(having({ name: objectName, subPath: maybe(textOf(1, 1024)) })),
  'pvc-clone': anything,
})

const hydration = having({
  serviceAccountName: maybe(objectName),
  nodeSelector: maybe(labels),
  tolerations: maybe(
    listOf(
      having({
        key: maybe(key),
        operator: maybe(oneOf('Exists', 'Equal')),
        value: maybe(value),
        effect: maybe(value),
        tolerationSeconds: maybe(whole(Number.MIN_SAFE_INTEGER)),
      }),
      32,
    ),
  ),
  resources: maybe(having({ requests: quantities, limits: quantities })),
  securityContext: maybe(
    having({
      runAsUser: maybe(whole(0)),
      runAsGroup: maybe(whole(0)),
      fsGroup: maybe(whole(0)),
      supplementalGroups: maybe(listOf(whole(0), 32)),
    }),
  ),
  priorityClassName: maybe(objectName),
  runtimeClassName: maybe(objectName),
  imagePullSecrets: maybe(listOf(having({ name: objectName }), 16)),
  labels: maybe(labels),
  annotations: maybe(mapOf(textOf(0, 16_384), key, 64)),
})

/** From five minutes to 9999 hours. */
const interval: Shape = given => {
  if (typeof given !== 'string') return false
  const [number, unit] = [given.slice(0, -1), given.slice(-1)]
  if (!madeOf(number, DIGITS) || number === '' || number.startsWith('0')) return false
  return unit === 'm' ? number.length <= 5 && Number(number) >= 5 : unit === 'h' && number.length <= 4
}

const spec = having({
  artifact: maybe(
    having({
      kind: maybe(oneOf('Weights', 'Tokenizer', 'Bytes', 'Adapter', 'Engine')),
      source: maybe(source),
    }),
  ),
  refetch: maybe(having({ every: interval })),
  mount: having({ path: textOf(2, 1024), scratch: maybe(listOf(textOf(1, 256), 16)) }),
  storage: maybe(
    having({
      backend: maybe(oneOf('PVC', 'ExistingPVC', 'Custom', 'ContentAddressed')),
      pvc: maybe(
        having({
          storageClassName: maybe(objectName),
          sizeGiB: maybe(whole(1, 1_048_576)),
          keepSnapshots: maybe(whole(0, 63)),
          labels: maybe(labels),
          annotations: maybe(mapOf(textOf(0, 16_384), key, 64)),
        }),
      ),
      existingPVC: maybe(
        having({ name: objectName, namespace: maybe(objectName), subPath: maybe(textOf(1, 1024)) }),
      ),
    }),
  ),
  hydration: maybe(hydration),
  clusterSelector: maybe(
    having({
      matchLabels: maybe(labels),
      matchExpressions: maybe(
        listOf(
          having({
            key,
            operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'),
            values: maybe(listOf(value, 256)),
          }),
          32,
        ),
      ),
    }),
  ),
  replication: maybe(oneOf('AllMatchingClusters', 'AllMatchingNodes')),
})

const condition = having({
  type: textOf(0, 316),
  status: oneOf('True', 'False', 'Unknown'),
  observedGeneration: maybe(whole(0)),
  lastTransitionTime: text,
  reason: textOf(1, 1024),
  message: textOf(0, 32_768),
})

const cluster = having({
  name: textOf(0, 253),
  phase: maybe(textOf(0, 64)),
  ready: maybe(flag),
  digest: maybe(digest),
  sizeBytes: maybe(whole(0)),
  message: maybe(textOf(0, 1024)),
})

const status = having({
  observedGeneration: maybe(whole(-1)),
  phase: maybe(oneOf('Pending', 'Resolving', 'Provisioning', 'Hydrating', 'Ready', 'Failed')),
  conditions: maybe(listOf(condition, 16)),
  source: maybe(textOf(0, 4096)),
  resolvedRevision: maybe(text),
  resolvedDigest: maybe(digest),
  snapshots: maybe(listOf(having({ digest }), 64)),
  bytesStaged: maybe(whole(0)),
  bytesTotal: maybe(whole(0)),
  filesStaged: maybe(whole(0)),
  progress: maybe(textOf(0, 16)),
  size: maybe(textOf(0, 32)),
  lastHydratedAt: maybe(text),
  claimName: maybe(text),
  claimUID: maybe(text),
  hydration: maybe(
    having({
      jobName: maybe(text),
      jobUID: maybe(text),
      attempt: maybe(whole(0)),
      startedAt: maybe(text),
    }),
  ),
  clusters: maybe(listOf(cluster, 1024)),
  moreClusters: maybe(whole(0)),
  replicas: maybe(textOf(0, 32)),
})

export const modelCache: Shape = both(
  having({ apiVersion: oneOf('modelplane.ai/v1alpha1'), kind: oneOf('ModelCache') }),
  having({ metadata: cacheMetadata, spec, status: maybe(status) }),
)
