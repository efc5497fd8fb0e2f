import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { isAlive, startOf } from './pid.ts'

/** Where `up` keeps what the other commands need. Each working copy has one test bed. */
export const STATE_DIR = fileURLToPath(new URL('../../.testbed', import.meta.url))
export const SERVE_LOG = join(STATE_DIR, 'serve.log')
/** The folder of the test bed. */
export const RUN_DIR = join(STATE_DIR, 'run')
const STATE_FILE = join(STATE_DIR, 'state.json')

const endpoints = z.object({
  kubeconfig: z.string(),
  binDir: z.string(),
  server: z.string(),
  logDir: z.string(),
})
const state = z.object({
  /** The supervisor, which owns all other processes. */
  pid: z.number(),
  pidStart: z.string(),
  /** Absent while the test bed is still starting. */
  endpoints: endpoints.optional(),
})

export type Endpoints = z.infer<typeof endpoints>
export type State = z.infer<typeof state>

/** The state of the test bed that runs or starts. A state without a living supervisor is removed. */
export function readState(): State | undefined {
  const found = parseState()
  if (found === undefined) return undefined
  if (isAlive(found.pid) && startOf(found.pid) === found.pidStart) return found
  rmSync(STATE_FILE, { force: true })
  return undefined
}

function parseState(): State | undefined {
  let text: string
  try {
    text = readFileSync(STATE_FILE, 'utf8')
  } catch {
    return undefined
  }
  try {
    return state.parse(JSON.parse(text))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${STATE_FILE} cannot be read; remove it if no test bed runs (${why})`)
  }
}

/** Claims the state for this process. Returns false if another supervisor has it. */
export function claimState(): boolean {
  if (readState() !== undefined) return false
  try {
    writeFileSync(STATE_FILE, render(undefined), { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

/** Publishes that this process's test bed is ready, and where. */
export function publishState(ready: Endpoints): void {
  // Readers poll the file, and must see the old state or the new one, never a part.
  const draft = `${STATE_FILE}.${process.pid}`
  writeFileSync(draft, render(ready))
  renameSync(draft, STATE_FILE)
}

/** Gives up this process's claim. */
export function dropState(): void {
  rmSync(STATE_FILE, { force: true })
}

function render(ready: Endpoints | undefined): string {
  const mine = { pid: process.pid, pidStart: startOf(process.pid), endpoints: ready }
  return `${JSON.stringify(mine, undefined, 2)}\n`
}
