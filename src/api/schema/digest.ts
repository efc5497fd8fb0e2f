import { createHash } from 'node:crypto'

/** A SHA-256 digest as status and annotations write it. */
export const SHA256_DIGEST = /^sha256:[a-f0-9]{64}$/

/**
 * The SHA-256 digest of a text; of a text that is such a digest, the same, so that what is condensed can be condensed
 * again.
 */
export function digestOf(text: string): string {
  return SHA256_DIGEST.test(text) ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`
}
