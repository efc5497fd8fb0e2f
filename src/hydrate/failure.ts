import { FAILURE_REASONS, type FailureReason } from '../api/failure-reasons.ts'

/** Why a snapshot could not be written. The message says what to do. */
export class HydrationError extends Error {
  override name = 'HydrationError'
  readonly reason: FailureReason
  /** The file of the source at fault. */
  readonly file: string | undefined

  constructor(reason: FailureReason, message: string, options: { file?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.reason = reason
    this.file = options.file
  }
}

/** What the operating system says about a volume, in our words; undefined if the volume is not at fault. */
export function volumeFault(error: unknown, doing: string): HydrationError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new HydrationError(
        'NoSpace',
        `the volume is full (${code}) while ${doing}; raise spec.storage.pvc.sizeGiB`,
        {
          cause: error,
        },
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new HydrationError(
        'VolumeNotWritable',
        `user ${process.getuid?.()} of group ${process.getgid?.()} may not write to the volume (${code}) while ${doing}; ${FAILURE_REASONS.VolumeNotWritable.fix}`,
        { cause: error },
      )
    case 'ENOSYS':
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
      return new HydrationError(
        'VolumeUnsupported',
        `the volume does not support an operation (${code}) while ${doing}; ${FAILURE_REASONS.VolumeUnsupported.fix}`,
        { cause: error },
      )
    default:
      return undefined
  }
}
