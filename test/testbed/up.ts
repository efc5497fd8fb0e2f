import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { BedOptions } from './serve.ts'
import { type Endpoints, readState, SERVE_LOG, STATE_DIR } from './state.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const POLL_MS = 100
/** Long enough for a build on a slow machine. */
const UP_MS = 60 * 60_000

/**
 * Makes sure that a test bed runs: starts a supervisor in the background unless there is one, shows its
 * progress, and resolves once it is ready. If interrupted, it ends the supervisor that it started.
 */
export async function up(options: BedOptions): Promise<number> {
  const before = readState()
  if (before?.endpoints !== undefined) {
    console.log(`a test bed runs already (process ${before.pid})`)
    describe(before.endpoints)
    return 0
  }
  if (before !== undefined)
    console.log(`a test bed is starting already (process ${before.pid}); waiting for it`)
  const supervisor = before === undefined ? startSupervisor(options) : undefined
  const follow = followLog()
  const deadline = Date.now() + UP_MS
  while (Date.now() < deadline) {
    follow()
    const ready = readState()?.endpoints
    if (ready !== undefined) {
      supervisor?.unref()
      describe(ready)
      return 0
    }
    if (isOver(supervisor)) {
      follow()
      console.error(`the test bed did not come up; its log is ${SERVE_LOG}`)
      return 1
    }
    await pause(POLL_MS)
  }
  supervisor?.kill('SIGTERM')
  console.error(`the test bed was not ready after ${UP_MS / 60_000} minutes; its log is ${SERVE_LOG}`)
  return 1
}

function startSupervisor({ node, fleet }: BedOptions): ChildProcess {
  mkdirSync(STATE_DIR, { recursive: true })
  writeFileSync(SERVE_LOG, '')
  const log = openSync(SERVE_LOG, 'a')
  const args = [MAIN, 'serve', ...(node ? ['--node'] : []), ...(fleet ? ['--fleet'] : [])]
  const supervisor = spawn(process.execPath, args, { stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Each time, because npm passes on the signal that the terminal sent to the whole group.
    process.on(signal, () => {
      console.error(`${signal}: ending the test bed`)
      supervisor.once('exit', () => process.exit(130))
      supervisor.kill('SIGTERM')
    })
  }
  return supervisor
}

/** Whether nobody is left who could make the test bed ready. Another `up` may have been a moment faster. */
function isOver(supervisor: ChildProcess | undefined): boolean {
  const ended = supervisor === undefined || supervisor.exitCode !== null || supervisor.signalCode !== null
  return ended && readState() === undefined
}

/** Each call prints what the supervisor has logged since the last one. */
function followLog(): () => void {
  let shown = 0
  return () => {
    const text = readFileSync(SERVE_LOG, 'utf8')
    process.stdout.write(text.slice(shown))
    shown = text.length
  }
}

function describe({ server, logDir }: Endpoints): void {
  console.log(`test bed ready: ${server}, logs in ${logDir}`)
  console.log('use it with: eval "$(make -s env)"')
}
