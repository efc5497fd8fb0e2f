import { z } from 'zod'
import { storedObjectMeta } from './metadata.ts'

/** What rules and the controller read of a core/v1 PersistentVolumeClaim. */
export const persistentVolumeClaim = z.looseObject({
  metadata: storedObjectMeta,
  spec: z.looseObject({
    accessModes: z.array(z.string()).optional(),
    storageClassName: z.string().optional(),
    volumeName: z.string().optional(),
  }),
  status: z
    .looseObject({
      phase: z.string().optional(),
      accessModes: z.array(z.string()).optional(),
      capacity: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    })
    .optional(),
})

export type PersistentVolumeClaim = z.infer<typeof persistentVolumeClaim>
