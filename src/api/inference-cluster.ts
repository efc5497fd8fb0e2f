import { z } from 'zod'
import { storedObjectMeta } from './kubernetes/metadata.ts'
import { customResource } from './schema/absent.ts'
import { API_VERSION } from './schema/group.ts'
import { objectName } from './schema/object-name.ts'

const storage = z.object({
  storageClassName: objectName
    .optional()
    .describe(
      'StorageClass of ModelCaches that name none. Default: the default StorageClass of the cluster.',
    ),
})

/** The only definition of an InferenceCluster: the CRD and the TypeScript type come from it. */
export const inferenceCluster = customResource(
  z
    .object({
      apiVersion: z.literal(API_VERSION),
      kind: z.literal('InferenceCluster'),
      metadata: storedObjectMeta,
      spec: z
        .object({ storage: storage.optional().describe('Where artifacts are staged.') })
        .prefault({})
        .describe('How the cluster serves inference.'),
    })
    .describe('An InferenceCluster is a Kubernetes cluster that serves models.'),
)

export type InferenceCluster = z.infer<typeof inferenceCluster>
