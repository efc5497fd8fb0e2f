import { z } from 'zod'
import { REPLICATE } from '../names.ts'
import { text } from '../schema/bounds.ts'
import { storedObjectMeta } from './metadata.ts'

/** Selects the Secrets that the hub may copy to other clusters. */
export const SHARED_SECRET_SELECTOR = `${REPLICATE}=true`

/** What the hub keeps of a core/v1 Secret with that label: not what is in it. */
export const sharedSecret = z.object({
  metadata: storedObjectMeta.extend({ uid: text(256) }),
})

export type SharedSecret = z.infer<typeof sharedSecret>
