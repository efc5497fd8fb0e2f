import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
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
  const code = nameOf(error)
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
    case 'EIO':
    case 'EBADFD':
    case 'ESTALE':
    case 'EREMOTEIO':
    case 'EHOSTDOWN':
    case 'EHOSTUNREACH':
    case 'ENOTCONN':
    case 'ESHUTDOWN':
    case 'ETIMEDOUT':
    case 'ENODEV':
    case 'ENXIO':
    case 'EUCLEAN':
      return new HydrationError(
        'VolumeFailed',
        `the volume failed (${code}) while ${doing}; if this comes again, look at the storage and its network`,
        { cause: error },
      )
    case 'ENAMETOOLONG':
    case 'EILSEQ':
      return new HydrationError(
        'FileNameInvalid',
        `the volume does not take a name that the source has (${code}) while ${doing}; rename the file, or leave it out with exclude`,
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

/**
 * Names of Linux that Node does not know: EBADFD is what GlusterFS says while a brick comes back, EUCLEAN a
 * damaged file system, EREMOTEIO a lost device.
 */
const OF_LINUX: Readonly<Record<number, string>> = {
  77: 'EBADFD',
  108: 'ESHUTDOWN',
  112: 'EHOSTDOWN',
  117: 'EUCLEAN',
  121: 'EREMOTEIO',
}

/**
 * The name of an error of the operating system. Node has no code for some, such as EDQUOT, and says
 * "Unknown system error -122".
 */
function nameOf(error: unknown): string | undefined {
  if (!(error instanceof Error && 'errno' in error && typeof error.errno === 'number')) return undefined
  const number = -error.errno
  const known = Object.entries(constants.errno).find(([, value]) => value === number)
  return known?.[0] ?? OF_LINUX[number] ?? getSystemErrorName(error.errno)
}
