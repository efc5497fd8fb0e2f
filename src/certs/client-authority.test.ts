import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { aCA } from './certificates.fixtures.ts'
import { clientAuthority } from './client-authority.ts'

const READ_MS = 10_000

let a: string
let b: string

let dir: string
let file: string
let stop: AbortController
let log: string[]

beforeAll(async () => {
  const cas = await Promise.all([aCA(), aCA()])
  ;[a, b] = [cas[0].certPem, cas[1].certPem]
})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  dir = mkdtempSync(join(tmpdir(), 'modelcache-clients-'))
  file = join(dir, 'ca.crt')
  stop = new AbortController()
  log = []
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
  rmSync(dir, { recursive: true })
})

const logger = pino({ level: 'info' }, { write: line => log.push(line) })
const look = () => vi.advanceTimersByTime(READ_MS)

function start(text: string) {
  writeFileSync(file, text)
  const clients = clientAuthority({ file, logger, signal: stop.signal })
  const changes: string[] = []
  clients.onChange(bundle => changes.push(bundle))
  return { clients, changes }
}

test('all CAs of the file are known, and nothing else that is in it', () => {
  expect(start(`# ours\n${a}${b}`).clients.current()).toBe(a + b)
})

test.each([
  ['is empty', ''],
  ['has no certificate', 'hello'],
  ['has one that cannot be read', '-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n'],
])('a file that %s is denied at the start, by its name', (_, text) => {
  expect(() => start(text)).toThrow(`${file} has no readable certificate`)
})

test('a file that is not there is denied at the start', () => {
  expect(() => clientAuthority({ file, logger, signal: stop.signal })).toThrow(file)
})

test('another bundle takes its place, once', () => {
  const { clients, changes } = start(a)
  writeFileSync(file, b)
  look()
  look()
  expect(clients.current()).toBe(b)
  expect(changes).toEqual([b])
})

test('a bundle that is spoilt is said once, and the last one goes on', () => {
  const { clients, changes } = start(a)
  writeFileSync(file, 'hello')
  look()
  look()
  expect(clients.current()).toBe(a)
  expect(log.filter(line => line.includes('cannot use'))).toHaveLength(1)
  writeFileSync(file, b)
  look()
  expect(changes).toEqual([b])
})

test('after the signal nothing is read', () => {
  const { clients } = start(a)
  stop.abort()
  writeFileSync(file, b)
  look()
  expect(clients.current()).toBe(a)
})
