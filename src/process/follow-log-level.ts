import { readFile } from 'node:fs/promises'
import { type LogLevel, logLevel } from './log-level.ts'
import type { LeveledLogger } from './logger.ts'

/** Much shorter than the minute that kubelet takes to bring a ConfigMap up to date. */
const INTERVAL_MS = 10_000

export interface LogLevelOptions {
  /** Without one, nothing is followed. */
  file: string | undefined
  /** The level while the file does not say one. */
  fallback: LogLevel
  /** The only way to stop. */
  signal: AbortSignal
  intervalMs?: number
}

/**
 * Keeps the level of a logger as a file says: one of the levels, by its name. Resolves when the file has been read
 * once, and reads it again every ten seconds: a ConfigMap that is mounted as a volume changes by a swap of symbolic
 * links, which no watch of the file itself would see. Without the file, or while it is empty, the fallback holds; of
 * a word that is no level there is a warning, once, and the present level stays. Never rejects.
 */
export async function followLogLevel(
  leveled: LeveledLogger,
  { file, fallback, signal, intervalMs = INTERVAL_MS }: LogLevelOptions,
): Promise<void> {
  if (file === undefined) return
  const { logger } = leveled
  let current = fallback
  let known = ''

  const set = (level: LogLevel) => {
    if (level === current) return
    current = level
    leveled.setLevel(level)
    logger.info({ logLevel: level, file }, 'log level changed')
  }
  const read = async () => {
    const text = await textOf(file)
    if (text === known) return
    known = text
    if (text === '') return set(fallback)
    const parsed = logLevel.safeParse(text)
    if (parsed.success) set(parsed.data)
    else logger.warn({ file, logLevel: current }, 'the file names no log level, the present one stays')
  }
  await read()
  if (signal.aborted) return
  const timer = setInterval(() => void read(), intervalMs).unref()
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}

/** Empty when there is no such file; a file that cannot be read says nothing either. */
async function textOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.trim()
}
