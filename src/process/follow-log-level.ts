import { readFile } from 'node:fs/promises'
import { type LogLevel, logLevel } from './log-level.ts'
import type { LeveledLogger } from './logger.ts'

/** Much shorter than the minute that kubelet takes to update a ConfigMap. */
const INTERVAL_MS = 10_000

export interface LogLevelOptions {
  /** Without a file, nothing is followed. */
  file: string | undefined
  /** The level as long as the file names none. */
  fallback: LogLevel
  /** The only way to stop. */
  signal: AbortSignal
  intervalMs?: number
}

/**
 * Keeps the level of a logger equal to the one that a file names. Resolves when the file has been read once,
 * and reads it again every ten seconds: a ConfigMap that is mounted as a volume changes by a swap of symbolic
 * links, which a watch of the file would miss. Without the file, or while it is empty, the fallback applies.
 * A word that is not a level gets one warning, and the present level stays. Never rejects.
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
    else logger.warn({ file, logLevel: current }, 'the file names no log level; the present one stays')
  }
  await read()
  if (signal.aborted) return
  const timer = setInterval(() => void read(), intervalMs).unref()
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}

/** Empty if there is no such file. An unreadable file counts as empty too. */
async function textOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.trim()
}
