/** How a source has hashed a file. */
export type Algorithm = 'sha256' | 'sha512' | 'sha1' | 'md5' | 'crc32' | 'crc32c' | 'crc64nvme'

/** What a source claims for the bytes of a file. */
export interface Checksum {
  algorithm: Algorithm
  /** In hexadecimal digits. */
  value: string
  /** The checksum is that of the checksums of parts of this size. */
  partBytes?: number | undefined
  /**
   * Nobody promises that it is one. If the same bytes come twice, they are right whatever it says.
   */
  isGuess?: boolean | undefined
  /** The ModelCache gives it, and not the source. */
  isGiven?: boolean | undefined
}
