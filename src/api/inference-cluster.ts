import { z } from 'zod'
import { inferenceClusterRules } from './inference-cluster-rules.ts'
import { inferenceClusterStatus } from './inference-cluster-status.ts'
import { storedObjectMeta, valuesOf } from './kubernetes/metadata.ts'
import { ACCESS_MODES } from './kubernetes/storage-class.ts'
import { LABELS } from './label-selector.ts'
import { COPIES_FINALIZER, RETIRE } from './names.ts'
import { customResource, optional } from './schema/absent.ts'
import { listOf, mapOf, text } from './schema/bounds.ts'
import { API_VERSION } from './schema/group.ts'
import { objectName } from './schema/object-name.ts'

/** Where the kubeconfig of a cluster comes from. */
const CLUSTER_SOURCES = ['Local', 'Existing', 'ClusterProfile'] as const

/** The key of a kubeconfig in its Secret, if none is named. */
export const KUBECONFIG_KEY = 'kubeconfig'

const csiDriver = z.object({
  name: text(253).min(1).describe('Name of the driver, as StorageClasses have it in `provisioner`.'),
  accessModes: listOf(z.enum(ACCESS_MODES), ACCESS_MODES.length)
    .describe('Access modes of the volumes of all of its StorageClasses.')
    .meta({ 'x-kubernetes-list-type': 'set' }),
})

/** What an administrator declares about a storage driver. */
export type DeclaredDriver = z.infer<typeof csiDriver>

const storage = z.object({
  storageClassName: objectName
    .optional()
    .describe(
      'StorageClass of ModelCaches that name none. Default: the default StorageClass of the cluster.',
    ),
  csiDrivers: listOf(csiDriver, 64)
    .optional()
    .describe(
      'What storage drivers of the cluster support, for drivers that ModelCache does not know. Nothing is installed.',
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
})

const cluster = z.object({
  source: z
    .enum(CLUSTER_SOURCES)
    .describe(
      'How the hub reaches it. Local: it is the cluster of this InferenceCluster. Existing: by a kubeconfig in a Secret. ClusterProfile: by a ClusterProfile of SIG Multicluster.',
    ),
  existing: z
    .object({
      secretRef: z
        .object({
          name: objectName.describe('Name of the Secret.'),
          key: text(253)
            .min(1)
            .regex(/^[-._a-zA-Z0-9]+$/)
            .optional()
            .describe(`Key of the kubeconfig in the Secret. Default: ${KUBECONFIG_KEY}.`),
        })
        .describe('A Secret in the namespace where ModelCache is installed.'),
    })
    .optional()
    .describe('For source Existing: the credentials.'),
  clusterProfile: z
    .object({
      name: objectName.describe('Name of the ClusterProfile.'),
      namespace: objectName.max(63).describe('Its namespace.'),
    })
    .optional()
    .describe('For source ClusterProfile: which one.'),
})

/** Only administrators write these labels, and some tools write many. */
const MAX_LABELS = 1024

/** With what selectors of ModelCaches ask about, and with our own annotation and finalizer. */
const clusterMeta = storedObjectMeta.extend({
  labels: optional(mapOf(text(63), { ...LABELS, entries: MAX_LABELS })),
  annotations: optional(valuesOf(RETIRE)),
  finalizers: optional(listOf(text(317), 64).transform(all => all.filter(each => each === COPIES_FINALIZER))),
})

/** The only definition of an InferenceCluster: the CRD and the TypeScript type come from it. */
export const inferenceCluster = customResource(
  z
    .object({
      apiVersion: z.literal(API_VERSION),
      kind: z.literal('InferenceCluster'),
      metadata: clusterMeta,
      spec: z
        .object({
          storage: storage.optional().describe('Where artifacts are staged.'),
          cluster: cluster
            .optional()
            .describe('Which cluster it is. Default: the one that this InferenceCluster is in.'),
        })
        .prefault({})
        .describe('How the cluster serves inference.')
        .meta({ 'x-kubernetes-validations': inferenceClusterRules }),
      status: inferenceClusterStatus
        .optional()
        .describe('What the hub has found there. Without a hub there is none.'),
    })
    .describe('An InferenceCluster is a Kubernetes cluster that serves models.'),
)

export type InferenceCluster = z.infer<typeof inferenceCluster>

/** Whether it stands for the cluster that it is in. */
export function isLocal({ spec }: InferenceCluster): boolean {
  return spec.cluster === undefined || spec.cluster.source === 'Local'
}
