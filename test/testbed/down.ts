import { rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { RUN_DIR, readState } from './state.ts'

const POLL_MS = 50
/** Longer than an orderly stop takes, even if every process must be killed. */
const DOWN_MS = 60_000

/** Ends the test bed, if one runs, and resolves when it is gone. */
export async function down(): Promise<number> {
  const running = readState()
  if (running === undefined) {
    // A killed test bed could not remove its folder.
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
