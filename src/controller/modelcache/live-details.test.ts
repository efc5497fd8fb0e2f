import { beforeEach, describe, expect, test } from 'vitest'
import type { HydrationPod } from '../../api/kubernetes/hydration-pod.ts'
import { silentLogger } from '../../kube/logger.fixtures.ts'
import {
  aHydrationPod,
  aJob,
  aManagedClaim,
  anObservation,
  aTakenUpCache,
  aWaitingPod,
  NOW,
} from './fixtures.ts'
import { createReadDetails, type ReadDetails } from './live-details.ts'
import type { Observation } from './observe.ts'

const cache = aTakenUpCache()
const job = aJob(cache, { status: { startTime: '2031-06-01T11:59:30Z' } })

let log: string
let events: object[]
/** Whether the API server says that there are more Events, however many were read. */
let more: boolean
let calls: string[]
let read: ReadDetails

beforeEach(() => {
  log = ''
  events = []
  more = false
  calls = []
  read = createReadDetails({
    rest: {
      get: async (path, options) => {
        calls.push(`${path} ${options?.query?.fieldSelector}`)
        return { metadata: { resourceVersion: '1', ...(more && { continue: 'x' }) }, items: events }
      },
      log: async path => {
        calls.push(path)
        return log
      },
    },
    logger: silentLogger,
    signal: new AbortController().signal,
  })
})

const seen = (pods: readonly HydrationPod[], given: Partial<Observation> = {}) =>
  anObservation({ cache, claim: aManagedClaim(), runs: { hydrate: { job, pods } }, ...given })

describe('of a pod that runs, its progress', () => {
  const line = (bytes: number) => JSON.stringify({ progress: { bytes, bytesTotal: 100, files: 1 } })

  test('is the last line of its log that tells of it', async () => {
    log = `${line(10)}\n${line(20)}\nsomething else\n{"progress"\n`
    expect(await read(seen([aHydrationPod()]))).toEqual({
      progress: { progress: { bytes: 20, bytesTotal: 100, files: 1 } },
    })
    expect(calls).toEqual(['/api/v1/namespaces/ml-team/pods/modelcache--llama-x7k2p'])
  })

  test('is read every few seconds, however often the cache is looked at', async () => {
    log = line(10)
    for (const later of [0, 1, 3_999, 4_000]) await read(seen([aHydrationPod()], { now: NOW + later }))
    expect(calls).toHaveLength(2)
  })

  test.each(['', '{"progress":{"bytes":-1,"files":0}}', '{"progress":7}'])('is unknown by %j', async text => {
    log = text
    expect(await read(seen([aHydrationPod()]))).toEqual({ progress: undefined })
  })
})

describe('of what waits, the latest Warning', () => {
  const told = (message: string, lastTimestamp: string, reason = 'FailedMount') => ({
    reason,
    message,
    lastTimestamp,
  })

  test('is cut, and few are read at a time, however many and large there are', async () => {
    events = Array.from({ length: 10 }, () => told('x'.repeat(100_000), '2031-06-01T11:59:59Z'))
    more = true
    const { warnings } = await read(seen([aWaitingPod()]))
    expect(warnings?.run?.length).toBeLessThan(600)
    expect(calls).toHaveLength(10)
  })

  test('is that of the pod, quoted', async () => {
    events = [
      told('new \u001b[31m', '2031-06-01T11:59:58Z'),
      told('old', '2031-06-01T11:59:00Z'),
      told('harmless', '2031-06-01T11:59:59Z', 'MissingClusterDNS'),
    ]
    expect(await read(seen([aWaitingPod()]))).toEqual({
      warnings: { claim: undefined, run: '"new \\u001b[31m"' },
    })
    expect(calls).toEqual([
      '/api/v1/namespaces/ml-team/events involvedObject.uid=uid-of-the-pod,type=Warning',
    ])
  })

  test('is that of the Job where there is no pod, and of the claim while it is not bound', async () => {
    events = [told('why', '2031-06-01T11:59:59Z')]
    const claim = aManagedClaim({ status: { phase: 'Pending' } })
    expect(await read(seen([], { claim }))).toEqual({ warnings: { claim: '"why"', run: '"why"' } })
    expect(calls.map(call => /uid=([a-z-]+)/.exec(call)?.[1])).toEqual(['uid-of-the-claim', 'uid-of-the-job'])
  })

  test('is not asked for so soon', async () => {
    const young = aJob(cache, { status: { startTime: '2031-06-01T11:59:58Z' } })
    expect(await read(anObservation({ cache, runs: { hydrate: { job: young, pods: [] } } }))).toEqual({})
    expect(calls).toEqual([])
  })
})

test('what cannot be read is left open', async () => {
  const broken = createReadDetails({
    rest: { get: () => Promise.reject(new Error('no')), log: () => Promise.reject(new Error('no')) },
    logger: silentLogger,
    signal: new AbortController().signal,
  })
  expect(await broken(seen([aHydrationPod()]))).toEqual({ progress: undefined })
  expect(await broken(seen([aWaitingPod()]))).toEqual({ warnings: { claim: undefined, run: undefined } })
})
