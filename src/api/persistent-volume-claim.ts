import { z } from 'zod'
import { listOf, text } from './bounds.ts'
import { CLAIM_OF } from './managed-claim.ts'
import { ownerReferences, storedObjectMeta, valuesOf } from './metadata.ts'

const quantity = z.union([text(64), z.number()])

/** Kubernetes has four of them. */
const accessModes = listOf(text(64), 16)

/** What rules and the controller read of a core/v1 PersistentVolumeClaim; nothing else is kept of one, for anybody may make many. */
export const persistentVolumeClaim = z.object({
  metadata: storedObjectMeta.extend({
    labels: valuesOf(CLAIM_OF).optional(),
    ownerReferences: ownerReferences.optional(),
  }),
  spec: z.object({
    accessModes: accessModes.optional(),
    storageClassName: text(253).optional(),
    volumeName: text(253).optional(),
    resources: z.object({ requests: z.object({ storage: quantity.optional() }).optional() }).optional(),
  }),
  status: z
    .object({
      phase: text(64).optional(),
      accessModes: accessModes.optional(),
      capacity: z.object({ storage: quantity.optional() }).optional(),
    })
    .optional(),
})

export type PersistentVolumeClaim = z.infer<typeof persistentVolumeClaim>
