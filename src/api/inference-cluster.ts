import { z } from 'zod'
import { storedObjectMeta } from './kubernetes/metadata.ts'
import { reservedFieldRule } from './modelcache-rules.ts'
import { RESERVED_CLUSTER_FIELDS } from './not-implemented.ts'
import { customResource } from './schema/absent.ts'
import { API_VERSION } from './schema/group.ts'
import { objectName } from './schema/object-name.ts'
import { reserved } from './schema/reserved.ts'

const storage = z.object({
  storageClassName: objectName
    .optional()
    .describe(
      'StorageClass of ModelCaches that name none. Default: the default StorageClass of the cluster.',
    ),
  csiDrivers: reserved('array'),
})

/** The only definition of an InferenceCluster: the CRD and the TypeScript type come from it. */
export const inferenceCluster = customResource(
  z
    .object({
      apiVersion: z.literal(API_VERSION),
      kind: z.literal('InferenceCluster'),
      metadata: storedObjectMeta,
      spec: z
        .object({
          storage: storage.optional().describe('Where artifacts are staged.'),
          cluster: reserved('object'),
        })
        .prefault({})
        .describe('How the cluster serves inference.')
        .meta({ 'x-kubernetes-validations': RESERVED_CLUSTER_FIELDS.map(reservedFieldRule) }),
    })
    .describe('An InferenceCluster is a Kubernetes cluster that serves models.'),
)

export type InferenceCluster = z.infer<typeof inferenceCluster>
