import type { Backoff } from '../backoff.ts'

/** How patient a reflector is. All times are in milliseconds. */
export interface ReflectorTiming extends Backoff {
  /**
   * After this much silence a connection without pings counts as dead. We ask the server to end each watch
   * sooner, over a connection that is then used again. So a quiet watch does not count as dead, and a dead
   * connection is noticed soon, for two or three requests a minute and kind.
   */
  readonly stallMs: number
  /**
   * How long a watch lasts at least over a connection with pings, if nothing ends it. It may last twice as
   * long, as those of client-go do.
   */
  readonly watchMs: number
  /** If the server ends a watch within this time and without an event, that counts as a failure. */
  readonly shortWatchMs: number
  /**
   * How long missed events may take to arrive after a new watch has replaced a broken one. For that long the
   * store is in doubt.
   */
  readonly settleMs: number
  /** How long to wait before looking again for an optional kind that the server does not have. */
  readonly absentMs: number
}

export const DEFAULT_TIMING: ReflectorTiming = {
  stallMs: 30_000,
  watchMs: 300_000,
  shortWatchMs: 1_000,
  settleMs: 1_000,
  absentMs: 30_000,
  baseMs: 500,
  // A retry costs little, and after the server is back the store stays wrong for as long as this wait.
  capMs: 5_000,
}
