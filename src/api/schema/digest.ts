import { createHash } from 'node:crypto'

/** A SHA-256 digest, as status and annotations write it. */
export const SHA256_DIGEST = /^sha256:[a-f0-9]{64}$/

/** The full ID of a Git commit, which is how Hugging Face names a state of a repository. */
export const COMMIT = /^[0-9a-f]{40}$/

/**
 * The SHA-256 digest of a text. If the text is such a digest already, it stays as it is, so that condensing
 * twice changes nothing.
 */
export function digestOf(text: string): string {
  return SHA256_DIGEST.test(text) ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`
}
