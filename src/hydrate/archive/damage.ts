import { errorMessage } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'

/** The archive may have been damaged on its way: its checksum is wrong, or it makes no sense. */
export class DamagedArchive extends HydrationError {
  override name = 'DamagedArchive'
  /** The checksum that it has in place of the right one, if that is known. */
  readonly found: string | undefined

  constructor(
    reason: 'ArchiveInvalid' | 'ChecksumMismatch',
    message: string,
    { found, cause }: { found?: string; cause?: unknown } = {},
  ) {
    super(reason, message, { cause })
    this.found = found
  }
}

/** What an error says about an archive that was being read. */
export function judged(error: unknown): unknown {
  if (error instanceof HydrationError || isOfSystem(error)) return error
  const message = `the archive cannot be unpacked: ${errorMessage(error)}`
  return new DamagedArchive('ArchiveInvalid', message, { cause: error })
}

/** An error of the disk is not an error of the archive, and neither is a signal to end. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && ('syscall' in error || error.name === 'AbortError')
}
