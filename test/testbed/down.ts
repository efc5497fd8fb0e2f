import { rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { RUN_DIR, readState } from './state.ts'

const POLL_MS = 50
/** More than an orderly stop takes, with every process ended by force. */
const DOWN_MS = 60_000

/** Ends the test bed, if one runs, and resolves when it is gone. */
export async function down(): Promise<number> {
  const running = readState()
  if (running === undefined) {
    // One that was killed could not take its folder away.
    rmSync(RUN_DIR, { recursive: true, force: true })
    console.log('no test bed runs')
    return 0
  }
  process.kill(running.pid, 'SIGTERM')
  const deadline = Date.now() + DOWN_MS
  while (Date.now() < deadline) {
    if (readState()?.pid !== running.pid) {
      console.log('test bed stopped')
      return 0
    }
    await pause(POLL_MS)
  }
  console.error(`the test bed (process ${running.pid}) did not stop within ${DOWN_MS / 1000} s`)
  return 1
}
