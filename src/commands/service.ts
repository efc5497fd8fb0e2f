import type { Logger } from 'pino'
import { followLogLevel } from '../process/follow-log-level.ts'
import { createLogger } from '../process/logger.ts'
import { exitOnUncaught, terminationSignal } from '../process/termination.ts'

interface ServiceOptions {
  'log-level': Parameters<typeof createLogger>[0]
  'log-level-file'?: string | undefined
}

/** What a service begins with: its log, and a signal that aborts at SIGTERM. */
export async function startService(
  options: ServiceOptions,
): Promise<{ logger: Logger; signal: AbortSignal }> {
  const leveled = createLogger(options['log-level'])
  const { logger } = leveled
  exitOnUncaught(logger)
  const signal = terminationSignal(logger)
  await followLogLevel(leveled, { file: options['log-level-file'], fallback: options['log-level'], signal })
  return { logger, signal }
}
