import type { ModelCache } from './modelcache.ts'
import { REVISION } from './names.ts'
import { COMMIT, SHA256_DIGEST } from './schema/digest.ts'
import type { Source } from './sources.ts'

/** Whether the source names a branch or tag, which may mean other bytes tomorrow. */
export function canMove({ spec }: Pick<ModelCache, 'spec'>): boolean {
  const { huggingFace, oci } = spec.artifact.source ?? {}
  return (
    (huggingFace !== undefined && !COMMIT.test(huggingFace.revision)) ||
    (oci !== undefined && !oci.reference.includes('@'))
  )
}

/**
 * The commit or digest that annotation `modelplane.ai/revision` puts in place of the branch or tag of the
 * source; undefined if there is none, or one that does not fit the source.
 */
export function pinOf(cache: Pick<ModelCache, 'metadata' | 'spec'>): string | undefined {
  const pin = cache.metadata.annotations?.[REVISION]
  if (pin === undefined || !canMove(cache)) return undefined
  const fits = cache.spec.artifact.source?.huggingFace === undefined ? SHA256_DIGEST : COMMIT
  return fits.test(pin) ? pin : undefined
}

/** The source at exactly that commit or digest. */
export function pinned(source: Source | undefined, pin: string | undefined): Source | undefined {
  if (source === undefined || pin === undefined) return source
  const { huggingFace, oci } = source
  if (huggingFace !== undefined) return { ...source, huggingFace: { ...huggingFace, revision: pin } }
  if (oci === undefined) return source
  // A registry may have a port, so the colon of a tag comes after the last slash.
  const reference = oci.reference.replace(/:[^/:]*$/, '')
  return { ...source, oci: { ...oci, reference: `${reference}@${pin}` } }
}
