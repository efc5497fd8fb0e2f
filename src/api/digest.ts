/** A SHA-256 digest as status and annotations write it. */
export const SHA256_DIGEST = /^sha256:[a-f0-9]{64}$/
