import { describe, expect, test } from 'vitest'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { REFETCH } from '../../../api/names.ts'
import {
  aHydrationPod,
  aJob,
  aManagedClaim,
  anObservation,
  aTakenUpCache,
  EARLIER,
  NOW,
  theJobIs,
} from '../fixtures.ts'
import { advanceRun } from './run.ts'

const running: ModelCacheStatus = {
  hydration: { jobName: 'modelcache--llama', jobUID: 'uid-of-the-job', attempt: 2 },
}

const run = (
  given: {
    cache?: Parameters<typeof aTakenUpCache>[0]
    job?: Parameters<typeof aJob>[1]
    pods?: object[]
    now?: number
  } = {},
) => {
  const cache = aTakenUpCache({ status: running, ...given.cache })
  const pods = (given.pods ?? []) as ReturnType<typeof aHydrationPod>[]
  const runs = { hydrate: { job: aJob(cache, given.job), pods } }
  const run = advanceRun(
    anObservation({ cache, claim: aManagedClaim(), runs, now: given.now ?? NOW }),
    'hydrate',
  )
  return { ...run.result, report: run.report }
}

describe('the Job of a run', () => {
  test('is started where there is none', () => {
    const { result } = advanceRun(anObservation({ claim: aManagedClaim() }), 'hydrate')
    expect(result.writes).toEqual([
      {
        do: 'start',
        kind: 'HydrationJob',
        purpose: 'hydrate',
        claim: { uid: 'uid-of-the-claim', bytes: 10 * 2 ** 30 },
      },
    ])
  })

  test('has its UID in status before it is resumed', () => {
    const announced = run({
      cache: { status: { hydration: { attempt: 2, refetch: 'x' } } },
      job: { suspend: true },
    })
    expect(announced.writes).toBeUndefined()
    expect(announced.status).toEqual({
      hydration: {
        jobName: 'modelcache--llama',
        jobUID: 'uid-of-the-job',
        attempt: 3,
        startedAt: '2031-06-01T12:00:00Z',
        refetch: 'x',
      },
    })
    const resumed = run({ job: { suspend: true } })
    expect(resumed.writes).toEqual([
      {
        do: 'merge',
        kind: 'HydrationJob',
        name: 'modelcache--llama',
        resourceVersion: '7',
        patch: { spec: { suspend: false } },
      },
    ])
  })

  test.each([
    ['spec.hydration', { spec: { hydration: { nodeSelector: { pool: 'big' } } } }],
    ['the annotation', { metadata: { annotations: { [REFETCH]: 'now' } } }],
    [
      'the Secret',
      { spec: { artifact: { source: { http: { url: 'https://x.example/f', secretRef: { name: 'b' } } } } } },
    ],
  ])('gives way to another when %s changes', (_, change) => {
    const job = aJob(aTakenUpCache())
    const cache = aTakenUpCache({ status: running, ...change })
    const seen = anObservation({ cache, claim: aManagedClaim(), runs: { hydrate: { job, pods: [] } } })
    const { writes, status } = advanceRun(seen, 'hydrate').result
    expect(writes).toEqual([
      {
        do: 'delete',
        kind: 'HydrationJob',
        name: 'modelcache--llama',
        uid: 'uid-of-the-job',
        propagation: 'Foreground',
      },
    ])
    expect(status).toMatchObject({ hydration: { attempt: 0 } })
  })

  test('gives way to another when its claim is another', () => {
    const cache = aTakenUpCache({ status: running })
    const claim = aManagedClaim({ metadata: { uid: 'uid-of-another' } })
    const seen = anObservation({ cache, claim, runs: { hydrate: { job: aJob(cache), pods: [] } } })
    expect(advanceRun(seen, 'hydrate').result.writes).toMatchObject([{ do: 'delete', kind: 'HydrationJob' }])
  })

  test('is waited for while it goes', () => {
    const { writes, verdict } = run({ job: { metadata: { deletionTimestamp: EARLIER } } })
    expect(writes).toBeUndefined()
    expect(verdict?.phase).toBe('Hydrating')
  })

  test('tells its progress while its pod runs, and never 100% before it is complete', () => {
    const cache = aTakenUpCache({ status: running })
    const runs = { hydrate: { job: aJob(cache), pods: [aHydrationPod()] } }
    const seen = anObservation({
      cache,
      claim: aManagedClaim(),
      runs,
      progress: { bytes: 999, bytesTotal: 1000, files: 3 },
    })
    expect(advanceRun(seen, 'hydrate').result).toMatchObject({
      status: { bytesStaged: 999, bytesTotal: 1000, filesStaged: 3, progress: '99%' },
      verdict: { phase: 'Hydrating', reason: 'Hydrating' },
      againMs: 5_000,
    })
  })

  test('that is complete gives the report of its pod', () => {
    const message = 'a line before\n{"digest":"x"}\n'
    const { report } = run({
      job: { status: theJobIs('Complete') },
      pods: [aHydrationPod({ ended: { exitCode: 0, message } })],
    })
    expect(report).toEqual({ said: { digest: 'x' }, at: '2031-06-01T11:59:59Z' })
  })

  test('that is complete a moment ago is waited for: its pod comes by another watch', () => {
    const ended = { lastTransitionTime: '2031-06-01T11:59:58Z' }
    const { verdict, writes } = run({ job: { status: theJobIs('Complete', ended) } })
    expect([writes, verdict?.phase]).toEqual([undefined, 'Hydrating'])
  })

  test('that is complete, and its pod gone, runs again at once the first time', () => {
    const cache = { status: { hydration: { ...running.hydration, attempt: 1 } } }
    const { verdict, writes } = run({ cache, job: { status: theJobIs('Complete') } })
    expect(writes).toMatchObject([{ do: 'delete', kind: 'HydrationJob' }])
    expect(verdict?.phase).toBe('Hydrating')
  })

  test('that is complete, and its pod gone, runs again after a pause', () => {
    const { verdict, writes, againMs } = run({ job: { status: theJobIs('Complete') } })
    expect(verdict).toMatchObject({
      phase: 'Failed',
      reason: 'HydrationFailed',
      message: expect.stringContaining('report'),
    })
    expect(writes).toBeUndefined()
    expect(againMs).toBeGreaterThan(0)
  })
})

describe('a Job that has failed', () => {
  const failed = (message: object | string, now = NOW, attempt = 2) =>
    run({
      cache: { status: { hydration: { ...running.hydration, attempt } } },
      job: { status: theJobIs('Failed') },
      pods: [
        aHydrationPod({
          ended: { exitCode: 1, message: typeof message === 'string' ? message : JSON.stringify(message) },
        }),
      ],
      now,
    })

  test('for what comes again is not tried again, and status says how to', () => {
    const { verdict, writes, againMs } = failed({ reason: 'Unauthorized', message: 'set secretRef' })
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'Unauthorized' })
    expect(verdict?.message).toBe(
      'set secretRef; then: kubectl -n ml-team annotate modelcache/llama --overwrite modelplane.ai/refetch="$(date)"',
    )
    expect([writes, againMs]).toEqual([undefined, undefined])
  })

  test.each([
    [1, 60_000],
    [2, 120_000],
    [4, 480_000],
    [40, 1_800_000],
  ])('for what may pass is made again: attempt %i after %i ms', (attempt, pause) => {
    const transient = { reason: 'SourceUnavailable', message: 'it is down' }
    const before = failed(transient, NOW, attempt)
    expect(before.writes).toBeUndefined()
    expect(before.againMs).toBe(Date.parse(EARLIER) + pause - NOW)
    const after = failed(transient, Date.parse(EARLIER) + pause, attempt)
    expect(after.writes).toMatchObject([{ do: 'delete', kind: 'HydrationJob' }])
    expect(after.verdict?.message).toContain(`attempt ${attempt}`)
  })

  test('without a word says what its log ended with, and nothing that a terminal would obey', () => {
    const { verdict } = failed('Error: heap\u001b[31m out of memory')
    expect(verdict?.reason).toBe('HydrationFailed')
    expect(verdict?.message).toContain('exit code 1: Error: heap\\u{1b}[31m out of memory')
  })

  test('whose pod is gone says what the Job says', () => {
    const status = theJobIs('Failed', { reason: 'BackoffLimitExceeded', message: 'too often' })
    expect(run({ job: { status } }).verdict).toMatchObject({
      reason: 'HydrationFailed',
      message: expect.stringContaining('BackoffLimitExceeded: too often'),
    })
  })
})
