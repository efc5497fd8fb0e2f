import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parentDeathPrefix } from './parent-death.ts'
import { isAlive } from './pid.ts'
import { type Child, startChild } from './process.ts'
import { waitUntil } from './wait.ts'

let dir: string
let children: Child[]

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'testbed-process-'))
  children = []
})

afterEach(async () => {
  await Promise.all(children.map(child => child.stop()))
  await rm(dir, { recursive: true, force: true })
})

function start(script: string, graceMs = 2_000): Child {
  const args = ['-e', script]
  const child = startChild({
    name: 'child',
    command: process.execPath,
    args,
    logPath: join(dir, 'log'),
    graceMs,
  })
  children.push(child)
  return child
}

const gone = (pid: number) => async () => (isAlive(pid) ? `process ${pid} runs` : undefined)
const logged = (text: string) => async () =>
  (await readFile(join(dir, 'log'), 'utf8')).includes(text) ? undefined : `no '${text}' in the log`

describe('a child', () => {
  it('is stopped by SIGTERM', async () => {
    const child = start('setInterval(() => {}, 1000)')
    expect(child.alive()).toBe(true)
    await child.stop()
    expect(await child.ended).toBe('signal SIGTERM')
    expect(child.alive()).toBe(false)
  })

  it('is killed when it does not heed SIGTERM in time', async () => {
    const child = start(
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')",
      100,
    )
    await waitUntil({ what: 'the start', timeoutMs: 60_000, probe: logged('up') })
    await child.stop()
    expect(await child.ended).toBe('signal SIGKILL')
  })

  it('that ends while something is waited for fails the wait at once, with its log', async () => {
    const child = start("console.error('no room'); process.exitCode = 3")
    const wait = waitUntil({
      what: 'readiness',
      timeoutMs: 60_000,
      children: [child],
      probe: async () => 'not yet',
    })
    await expect(wait).rejects.toThrow(/child ended \(exit code 3\) while waiting for readiness\n.*\nno room/)
  })

  it('that does nothing makes the wait time out, with the last reason', async () => {
    const wait = waitUntil({ what: 'readiness', timeoutMs: 50, probe: async () => 'still asleep' })
    await expect(wait).rejects.toThrow('readiness did not come to be within 0.05 s: still asleep')
  })

  it('does not start when there is no such command', async () => {
    const child = () =>
      startChild({ name: 'x', command: join(dir, 'none'), args: [], logPath: join(dir, 'log') })
    if (parentDeathPrefix().length === 0) expect(child).toThrow('x did not start')
    else expect(await child().ended).toBe('exit code 127')
  })
})

describe('a child of a process that ends', () => {
  it.each([
    ['by exiting', "process.kill(process.pid, 'SIGUSR2')"],
    ['by process.exit', 'process.exit(1)'],
  ])('goes with it: %s', async (_how, end) => {
    const owner = await startOwner(
      `process.once('SIGUSR2', () => process.exit(0)); setImmediate(() => ${end})`,
    )
    await waitUntil({ what: 'the end of the child', timeoutMs: 60_000, probe: gone(owner.child) })
  })

  it.skipIf(parentDeathPrefix().length === 0)('goes with it: by SIGKILL', async () => {
    const owner = await startOwner('setInterval(() => {}, 1000)')
    expect(isAlive(owner.child)).toBe(true)
    process.kill(owner.pid, 'SIGKILL')
    await waitUntil({ what: 'the end of the child', timeoutMs: 60_000, probe: gone(owner.child) })
  })
})

/** A process that starts a child, prints its number, and goes on with the statement. */
async function startOwner(then: string): Promise<{ pid: number; child: number }> {
  const script = join(dir, 'owner.ts')
  const request = `{ name: 'c', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'],
    logPath: ${JSON.stringify(join(dir, 'owned.log'))} }`
  await writeFile(
    script,
    `import { startChild } from ${JSON.stringify(new URL('process.ts', import.meta.url).href)}
     process.stdout.write(startChild(${request}).pid + '\\n', () => { ${then} })`,
  )
  const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(owner.stdout, 'data')
  return { pid: owner.pid ?? 0, child: Number.parseInt(String(line), 10) }
}
