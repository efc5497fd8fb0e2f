import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { followLogLevel } from './follow-log-level.ts'
import type { LogLevel } from './log-level.ts'
import { createLogger } from './logger.ts'

let dir: string
let file: string
let stop: AbortController
let versions: number

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-loglevel-'))
  file = join(dir, 'level')
  stop = new AbortController()
  versions = 0
})

afterEach(async () => {
  stop.abort()
  await rm(dir, { recursive: true })
})

/**
 * Changes the content like kubelet changes a mounted ConfigMap: a new folder, and a swap of the link to it.
 */
async function swap(content: string | undefined): Promise<void> {
  versions += 1
  const version = `..version-${versions}`
  await mkdir(join(dir, version))
  if (content !== undefined) await writeFile(join(dir, version, 'level'), content)
  await symlink(version, join(dir, '..data_tmp'))
  await rename(join(dir, '..data_tmp'), join(dir, '..data'))
  if (versions === 1) await symlink(join('..data', 'level'), file)
}

async function follow(fallback: LogLevel = 'info') {
  const stream = new PassThrough({ encoding: 'utf8' })
  const leveled = createLogger(fallback, stream)
  await followLogLevel(leveled, { file, fallback, signal: stop.signal, intervalMs: 5 })
  const { logger } = leveled
  const becomes = (level: LogLevel) =>
    vi.waitFor(() => expect(logger.level).toBe(level), { timeout: 10_000, interval: 5 })
  let said = ''
  const warnings = () => {
    said += stream.read() ?? ''
    return said.split('names no log level').length - 1
  }
  const lines = () => {
    said += stream.read() ?? ''
    return said.trim().split('\n')
  }
  return { logger, becomes, warnings, lines }
}

test('the level of the file holds from the start', async () => {
  await swap('debug\n')
  expect((await follow()).logger.level).toBe('debug')
})

test('each swap is followed, by the children of the logger too', async () => {
  await swap('debug')
  const { logger, becomes, lines } = await follow()
  const child = logger.child({ kind: 'child' })
  // A duplicate key in a line of JSON would confuse its readers.
  for (const line of lines()) expect(line.split('"level":')).toHaveLength(2)
  expect(lines().at(-1)).toContain('"logLevel":"debug"')
  await swap(' error \n')
  await becomes('error')
  expect(child.level).toBe('error')
  await swap('trace')
  await becomes('trace')
  expect(child.level).toBe('trace')
})

test('without the file the fallback holds, and again once it has gone', async () => {
  const { logger, becomes } = await follow('warn')
  expect(logger.level).toBe('warn')
  await swap('debug')
  await becomes('debug')
  await swap(undefined)
  await becomes('warn')
  await swap('fatal')
  await becomes('fatal')
  await rm(file)
  await becomes('warn')
})

test.each(['', ' \n'])('while the file is empty (%j) the fallback holds', async nothing => {
  await swap('debug')
  const { becomes } = await follow('warn')
  await swap(nothing)
  await becomes('warn')
})

test('of a word that is no level there is one warning, and the present level stays', async () => {
  await swap('debug')
  const { logger, becomes, warnings } = await follow()
  await swap('loud')
  await vi.waitFor(() => expect(warnings()).toBe(1), { timeout: 10_000 })
  expect(logger.level).toBe('debug')
  // If a later change is seen, the file was read again.
  await swap('DEBUG')
  await vi.waitFor(() => expect(warnings()).toBe(2), { timeout: 10_000 })
  await swap('info')
  await becomes('info')
  expect(warnings()).toBe(2)
})

test('a folder in its place says nothing', async () => {
  await mkdir(file)
  expect((await follow('error')).logger.level).toBe('error')
})

test.each([
  ['from the start', true],
  ['later', false],
])('nothing is read any more once the signal has aborted, %s', async (_, atOnce) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    if (atOnce) stop.abort()
    await follow()
    expect(vi.getTimerCount()).toBe(atOnce ? 0 : 1)
    stop.abort()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('where no file is named, none is followed', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    await followLogLevel(createLogger('info', new PassThrough()), {
      file: undefined,
      fallback: 'info',
      signal: stop.signal,
    })
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
