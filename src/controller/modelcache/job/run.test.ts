import { describe, expect, test } from 'vitest'
import { DIGEST } from '../../../api/fixtures.ts'
import { QUEUE_NAME } from '../../../api/kubernetes/hydration-job.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { REFETCH } from '../../../api/names.ts'
import { rfc3339 } from '../../conditions.ts'
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
import type { StepResult } from '../step.ts'
import { advanceRun } from './run.ts'

const REPORT = { digest: DIGEST, path: 'snapshots/x', bytes: 1, files: 1, seconds: 2 }

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
  const seen = anObservation({ cache, claim: aManagedClaim(), runs, now: given.now ?? NOW })
  const { result, ...success } = advanceRun(seen, 'hydrate')
  const going: Partial<StepResult> = result ?? {}
  return { ...going, success }
}

describe('the Job of a run', () => {
  test('is started where there is none', () => {
    const { result } = advanceRun(anObservation({ claim: aManagedClaim() }), 'hydrate')
    expect(result?.writes).toEqual([
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
      { do: 'resume', kind: 'HydrationJob', name: 'modelcache--llama', resourceVersion: '7' },
    ])
    // Only the write itself tells.
    expect(resumed.status?.hydration?.resumed).toBeUndefined()
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
    const { writes, status } = advanceRun(seen, 'hydrate').result ?? {}
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
    expect(advanceRun(seen, 'hydrate').result?.writes).toMatchObject([{ do: 'delete', kind: 'HydrationJob' }])
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
      progress: { progress: { bytes: 999, bytesTotal: 1000, files: 3 } },
    })
    expect(advanceRun(seen, 'hydrate').result).toMatchObject({
      status: { bytesStaged: 999, bytesTotal: 1000, filesStaged: 3, progress: '99%' },
      verdict: { phase: 'Hydrating', reason: 'Hydrating' },
      againMs: 5_000,
    })
  })

  const troubled = (isWaiting: boolean) => {
    const cache = aTakenUpCache({ status: running })
    const trouble = { reason: 'SecretNotFound' as const, message: 'there is no Secret\u001b', isWaiting }
    const progress = { progress: { bytes: 5, files: 0 }, trouble }
    const runs = { hydrate: { job: aJob(cache), pods: [aHydrationPod()] } }
    return advanceRun(anObservation({ cache, claim: aManagedClaim(), runs, progress }), 'hydrate').result
  }

  test('says what its pod waits for, and that nobody has to tell the controller', () => {
    expect(troubled(true)?.verdict).toEqual({
      ready: false,
      phase: 'Failed',
      reason: 'SecretNotFound',
      message: 'there is no Secret\\u{1b}; the Job waits for that, and goes on by itself',
    })
  })

  test('says what keeps its pod from getting on', () => {
    expect(troubled(false)?.verdict).toMatchObject({ phase: 'Hydrating', reason: 'SecretNotFound' })
    expect(troubled(false)?.verdict?.message).toContain('Job modelcache--llama tries again')
  })

  test('that is complete gives the report of its pod', () => {
    const message = `a line before\n${JSON.stringify(REPORT)}\n`
    const { success } = run({
      job: { status: theJobIs('Complete') },
      pods: [aHydrationPod({ ended: { exitCode: 0, message } })],
    })
    expect(success).toEqual({ report: REPORT, at: '2031-06-01T11:59:59Z' })
  })

  test.each([
    ['runs on beside another container', {}, { phase: 'Running' }],
    ['has failed by another container', { status: theJobIs('Failed') }, { phase: 'Failed' }],
    ['is being deleted, because its time to live was 0', { metadata: { deletionTimestamp: EARLIER } }, {}],
  ])('that %s is complete when the hydrator is', (_, job, status) => {
    const ended = { exitCode: 0, message: JSON.stringify(REPORT) }
    expect(run({ job, pods: [aHydrationPod({ ended, status })] }).success.report).toEqual(REPORT)
  })

  test('whose report cannot be read has failed', () => {
    const pods = [aHydrationPod({ ended: { exitCode: 0, message: '{"digest":"x"}' } })]
    expect(run({ job: { status: theJobIs('Complete') }, pods }).verdict).toMatchObject({
      reason: 'HydrationFailed',
      message: expect.stringContaining('cannot be read'),
    })
  })

  test('that somebody else has suspended stays suspended, and status says so', () => {
    const cache = { status: { hydration: { ...running.hydration, resumed: true } } }
    const { verdict, writes } = run({ cache, job: { suspend: true } })
    expect([verdict?.reason, writes]).toEqual(['JobSuspended', undefined])
    expect(verdict?.message).toContain('somebody else has suspended Job modelcache--llama')
  })

  test('in a queue is left to Kueue from the beginning', () => {
    const job = { suspend: true, metadata: { labels: { [QUEUE_NAME]: 'downloads' } } }
    const { verdict, writes } = run({ job })
    expect([verdict?.reason, writes]).toEqual(['JobSuspended', undefined])
    expect(verdict?.message).toContain('waits in queue "downloads" until Kueue resumes it')
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
    const { verdict, writes, againMs } = failed({ reason: 'ArchiveInvalid', message: 'it is damaged' })
    expect(verdict).toMatchObject({ phase: 'Failed', reason: 'ArchiveInvalid' })
    expect(verdict?.message).toBe(
      'it is damaged; then: kubectl -n ml-team annotate modelcache/llama --overwrite modelplane.ai/refetch="$(date)"',
    )
    expect([writes, againMs]).toEqual([undefined, undefined])
  })

  test('before it has failed counts as failed, because its other containers may never end', () => {
    const message = JSON.stringify({ reason: 'ArchiveInvalid', message: 'it is damaged' })
    const pod = aHydrationPod({ ended: { exitCode: 1, message }, status: { phase: 'Running' } })
    const soon = run({ pods: [pod] })
    expect([soon.verdict?.reason, soon.writes]).toEqual(['ArchiveInvalid', undefined])
    expect(soon.againMs).toBe(60_000)
    expect(soon.status?.hydration?.failure).toMatchObject({
      reason: 'ArchiveInvalid',
      message: 'it is damaged',
      finishedAt: '2031-06-01T11:59:59Z',
    })
    const later = run({ pods: [pod], now: NOW + 60_000 })
    expect(later.verdict?.reason).toBe('ArchiveInvalid')
    expect(later.writes).toMatchObject([{ do: 'delete', kind: 'HydrationJob' }])
  })

  test('that is gone is remembered until something changes', () => {
    const { status } = failed({ reason: 'ArchiveInvalid', message: 'it is damaged' })
    const cache = aTakenUpCache({ status })
    const gone = advanceRun(anObservation({ cache, claim: aManagedClaim() }), 'hydrate').result
    expect([gone?.verdict?.reason, gone?.writes]).toEqual(['ArchiveInvalid', undefined])
    const claim = aManagedClaim({ metadata: { uid: 'uid-of-another' } })
    const changed = advanceRun(anObservation({ cache, claim }), 'hydrate').result
    expect(changed?.writes).toMatchObject([{ do: 'start' }])
  })

  test('that is gone and may pass is made again after the pause', () => {
    const { status } = failed({ reason: 'SourceUnavailable', message: 'it is down' }, NOW, 1)
    const cache = aTakenUpCache({ status })
    const at = (now: number) =>
      advanceRun(anObservation({ cache, claim: aManagedClaim(), now }), 'hydrate').result
    expect(at(NOW)?.writes).toBeUndefined()
    expect(at(Date.parse(EARLIER) + 60_000)?.writes).toMatchObject([{ do: 'start' }])
  })

  test('whose pod does not end makes no other pod, so the controller makes another Job', () => {
    const message = JSON.stringify({ reason: 'SourceUnavailable', message: 'it is down' })
    const pods = [aHydrationPod({ ended: { exitCode: 75, message }, status: { phase: 'Running' } })]
    const cache = { status: { hydration: { ...running.hydration, attempt: 1 } } }
    const soon = run({ cache, pods })
    expect([soon.verdict?.phase, soon.verdict?.reason]).toEqual(['Hydrating', 'SourceUnavailable'])
    const later = run({ cache, pods, now: NOW + 60_000 })
    expect([later.verdict?.phase, later.verdict?.reason]).toEqual(['Failed', 'SourceUnavailable'])
    expect(later.writes).toMatchObject([{ do: 'delete', kind: 'HydrationJob' }])
  })

  test('counts no pod that somebody deletes: the Job makes another one', () => {
    const [pod] = [aHydrationPod({ ended: { exitCode: 1 } })]
    const metadata = { ...pod.metadata, deletionTimestamp: EARLIER }
    expect(run({ pods: [{ ...pod, metadata }] }).verdict?.phase).toBe('Hydrating')
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
    const at = rfc3339(Date.parse(EARLIER) + pause)
    expect(before.verdict?.message).toContain(`attempt ${attempt + 1} starts at ${at}, or at once: kubectl`)
    expect(before.status?.hydration?.failure?.nextAttemptAt).toBe(at)
  })

  test('without a word says what its log ended with, and nothing that a terminal would obey', () => {
    const { verdict } = failed('Error: heap\u001b[31m out of memory')
    expect(verdict?.reason).toBe('HydrationFailed')
    expect(verdict?.message).toContain('exit code 1: Error: heap\\u{1b}[31m out of memory')
  })

  test('for a deadline says so, although its pod only knows that it was interrupted', () => {
    const message = JSON.stringify({
      reason: 'Interrupted',
      message: 'SIGTERM came before the snapshot was whole',
    })
    const status = theJobIs('Failed', { reason: 'DeadlineExceeded', message: 'too long' })
    const pods = [aHydrationPod({ ended: { exitCode: 1, message } })]
    expect(run({ job: { status }, pods }).verdict).toMatchObject({
      reason: 'DeadlineExceeded',
      message: expect.stringContaining('activeDeadlineSeconds'),
    })
    const other = theJobIs('Failed', { reason: 'BackoffLimitExceeded', message: 'too often' })
    expect(run({ job: { status: other }, pods }).verdict?.reason).toBe('Interrupted')
  })

  test('whose pod is gone says what the Job says', () => {
    const status = theJobIs('Failed', { reason: 'BackoffLimitExceeded', message: 'too often' })
    expect(run({ job: { status } }).verdict).toMatchObject({
      reason: 'HydrationFailed',
      message: expect.stringContaining('BackoffLimitExceeded: too often'),
    })
  })
})
