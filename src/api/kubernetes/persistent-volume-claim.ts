import { z } from 'zod'
import { CLAIM_OF } from '../names.ts'
import { optional } from '../schema/absent.ts'
import { listOf, text } from '../schema/bounds.ts'
import { ownerReferences, storedObjectMeta, valuesOf } from './metadata.ts'

const quantity = z.union([text(64), z.number()])

/** Kubernetes has four of them. */
const accessModes = listOf(text(64), 16)

/**
 * What rules and the controller read of a core/v1 PersistentVolumeClaim. We keep nothing else, because
 * anybody may create many.
 */
export const persistentVolumeClaim = z.compile(
  z.object({
    metadata: storedObjectMeta.extend({
      labels: optional(valuesOf(CLAIM_OF)),
      ownerReferences: optional(ownerReferences),
    }),
    spec: z.object({
      accessModes: optional(accessModes),
      storageClassName: optional(text(253)),
      volumeName: optional(text(253)),
      volumeMode: optional(text(64)),
      resources: optional(z.object({ requests: optional(z.object({ storage: optional(quantity) })) })),
    }),
    status: optional(
      z.object({
        phase: optional(text(64)),
        accessModes: optional(accessModes),
        capacity: optional(z.object({ storage: optional(quantity) })),
      }),
    ),
  }),
)

export type PersistentVolumeClaim = z.infer<typeof persistentVolumeClaim>

/**
 * Kubernetes: a claim of volumeMode Block is a device in the container and cannot be mounted. Filesystem is
 * the default.
 */
export function isRawDevice({ spec }: Pick<PersistentVolumeClaim, 'spec'>): boolean {
  return spec.volumeMode === 'Block'
}
