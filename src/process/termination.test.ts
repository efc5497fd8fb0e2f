import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test, vi } from 'vitest'

const CANARY = 'canary-5eb63bbb'

let child: ChildProcess | undefined

afterEach(() => {
  child?.kill('SIGKILL')
})

const moduleAt = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

const PRELUDE = `
  import { createLogger } from ${moduleAt('./logger.ts')}
  import { aborted, exitOnUncaught, terminationSignal } from ${moduleAt('./termination.ts')}
  const { logger } = createLogger('trace')
  const keepAlive = setInterval(() => {}, 1_000)
`

/** Runs a script as a process of its own, with a logger. */
function start(script: string) {
  const started = spawn(process.execPath, ['--input-type=module', '--eval', PRELUDE + script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = started
  let stdout = ''
  started.stdout.setEncoding('utf8').on('data', chunk => {
    stdout += chunk
  })
  const stderr = text(started.stderr)
  return {
    kill: (name: NodeJS.Signals) => started.kill(name),
    says: (what: string) => vi.waitFor(() => expect(stdout).toContain(what), { timeout: 20_000 }),
    async end() {
      const [code, signal] = await once(started, 'close')
      return { code, signal, stdout, stderr: await stderr }
    },
  }
}

describe('told to stop before it listens', () => {
  const EARLY = `import ${moduleAt('./early-termination.ts')}\n`

  test('it ends, also as the first process of a container', async () => {
    const run = start(`${EARLY} console.log('loading')`)
    await run.says('loading')
    run.kill('SIGTERM')
    expect(await run.end()).toMatchObject({ code: 143, signal: null })
  })

  test('and then it listens, so it decides by itself', async () => {
    const run = start(`${EARLY}
      process.once('SIGTERM', () => { console.log('mine'); clearInterval(keepAlive) })
      console.log('working')
    `)
    await run.says('working')
    run.kill('SIGTERM')
    const { code, stdout } = await run.end()
    expect(code).toBe(0)
    expect(stdout).toContain('mine')
  })
})

describe('told to stop', () => {
  const WORK = `
    const signal = terminationSignal(logger)
    console.log('working')
    await aborted(signal)
    console.log('finishing: ' + signal.reason.name)
  `

  test.each(['SIGTERM', 'SIGINT'] as const)('by %s, it finishes what it does', async name => {
    const run = start(`${WORK} clearInterval(keepAlive)`)
    await run.says('working')
    run.kill(name)
    const { code, stdout } = await run.end()
    expect(code).toBe(0)
    expect(stdout).toContain('finishing: AbortError')
    expect(stdout).toContain(`"signal":"${name}","msg":"stopping"`)
  })

  test.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
  ] as const)('a second time, by %s and then %s, it ends at once', async (first, second) => {
    const run = start(WORK)
    await run.says('working')
    run.kill(first)
    await run.says('finishing')
    run.kill(second)
    expect(await run.end()).toMatchObject({ code: 1, signal: null })
  })

  test('whoever waits for the signal after it has aborted does not wait', async () => {
    const run = start(`${WORK} await aborted(signal); console.log('done'); clearInterval(keepAlive)`)
    await run.says('working')
    run.kill('SIGTERM')
    expect(await run.end()).toMatchObject({ code: 0, stdout: expect.stringContaining('done') })
  })
})

describe('an error that nothing catches ends the process with code 1, and is logged with care:', () => {
  const HEADERS = `{ headers: { authorization: '${CANARY}' }, body: '${CANARY}' }`

  test.each([
    ['thrown', `setTimeout(() => { throw Object.assign(new RangeError('a fault'), ${HEADERS}) })`],
    ['of a promise', `Promise.reject(Object.assign(new RangeError('a fault'), ${HEADERS}))`],
  ])('%s', async (_, script) => {
    const { code, stdout, stderr } = await start(`exitOnUncaught(logger); ${script}`).end()
    expect(code).toBe(1)
    const [line, ...rest] = stdout.trim().split('\n')
    expect(rest).toEqual([])
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 60,
      msg: 'uncaught, exiting',
      origin: expect.stringMatching(/^(uncaughtException|unhandledRejection)$/),
      reference: expect.stringMatching(/^[0-9a-f-]{36}$/),
      err: { type: 'RangeError', message: 'a fault', stack: expect.stringContaining('at ') },
    })
    expect(stdout + stderr).not.toContain(CANARY)
  })

  test('what is no error', async () => {
    const { code, stdout, stderr } = await start(
      `exitOnUncaught(logger); setTimeout(() => { throw { token: '${CANARY}' } })`,
    ).end()
    expect(code).toBe(1)
    expect(stdout).toContain('"err":{"type":"object"}')
    expect(stdout + stderr).not.toContain(CANARY)
  })

  test('and so does one that cannot be logged', async () => {
    const { code } = await start(`
      exitOnUncaught({ fatal() { throw new Error('the log is full') } })
      setTimeout(() => { throw new Error('a fault') })
    `).end()
    expect(code).toBe(1)
  })

  test('while it drains, too', async () => {
    const run = start(`
      exitOnUncaught(logger)
      const signal = terminationSignal(logger)
      console.log('working')
      await aborted(signal)
      setTimeout(() => { throw new Error('a fault') })
    `)
    await run.says('working')
    run.kill('SIGTERM')
    expect(await run.end()).toMatchObject({ code: 1, stdout: expect.stringContaining('uncaught, exiting') })
  })
})
