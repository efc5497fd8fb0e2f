import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { classes, modelCache, soundSpec } from './support/objects.ts'
import { container, inline, report, sized, stagingIn } from './support/staging.ts'

// Hydration Jobs as other parts of a cluster treat them: injectors, queues, policies with a time to live.

let cluster: Cluster
const { get, inPhase, provision, podOf, say, run, end } = stagingIn(() => cluster)

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

/** A cache whose Job has created its pod, and whose volume exists. */
async function working(name: string, spec: object = {}): Promise<{ job: string; pod: string }> {
  const job = `modelcache--${name}`
  await provision(job)
  await cluster.need(modelCache(name, soundSpec({ ...inline, ...sized, ...spec })))
  return { job, pod: await podOf(job) }
}

const gone = (what: string) =>
  eventually(`the end of ${what}`, async () => (await cluster.kubectl(['get', what])).code !== 0 || undefined)

const patch = async (job: string, change: object) => {
  const { code, stderr } = await cluster.kubectl([
    ...['patch', `job/${job}`, '--type=merge', '-p', JSON.stringify(change)],
  ])
  expect(code, stderr).toBe(0)
}

const uidOf = async (job: string) => (await get(`job/${job}`)).metadata.uid

describe('beside a container that never ends', () => {
  /** kubelet says how the hydrator ended, and that the pod goes on. */
  const endBeside = (pod: string, exitCode: number, message: object) =>
    say(pod, {
      phase: 'Running',
      ...container({
        terminated: {
          exitCode,
          message: JSON.stringify(message),
          startedAt: new Date().toISOString(),
          finishedAt: new Date().toISOString(),
        },
      }),
    })

  test('a hydrator that has succeeded makes its cache Ready, and its Job is ended', async () => {
    const { job, pod } = await working('beside')
    await run(pod)
    await endBeside(pod, 0, report)
    await inPhase('beside', 'Ready', 'SnapshotComplete')
    // Nobody but a kubelet ends the containers.
    await cluster.kubectl(['delete', `pod/${pod}`, '--force', '--grace-period=0'])
    await gone(`job/${job}`)
  })

  test('a hydrator that has failed says why, once', async () => {
    const { job, pod } = await working('beside-failed')
    await endBeside(pod, 1, { reason: 'Unauthorized', message: 'put a token into the Secret' })
    const status = await inPhase('beside-failed', 'Failed', 'Unauthorized')
    expect(status).toMatchObject({ hydration: { attempt: 1, failure: { reason: 'Unauthorized' } } })
    await cluster.kubectl(['delete', `pod/${pod}`, '--force', '--grace-period=0'])
    await cluster.kubectl(['annotate', 'modelcache/beside-failed', 'modelplane.ai/refetch=now'])
    await end(await podOf(job, pod), 0, report)
    await inPhase('beside-failed', 'Ready')
  })
})

test('a failure outlives its Job, whose time to live somebody else chooses', async () => {
  const { job, pod } = await working('short-lived')
  await end(pod, 1, { reason: 'SourceNotFound', message: 'there is no such repository' })
  await inPhase('short-lived', 'Failed', 'SourceNotFound')
  expect((await get(`job/${job}`)).spec).toMatchObject({ ttlSecondsAfterFinished: 604_800 })
  await patch(job, { spec: { ttlSecondsAfterFinished: 0 } })
  await gone(`job/${job}`)
  await cluster.kubectl(['annotate', 'modelcache/short-lived', 'touched=now'])
  const status = await inPhase('short-lived', 'Failed', 'SourceNotFound')
  expect(status).toMatchObject({ hydration: { attempt: 1 } })
  expect((await cluster.kubectl(['get', `job/${job}`])).code).not.toBe(0)
})

describe('a Job that somebody else has suspended', () => {
  test('stays so, status says so, and goes on when that somebody resumes it', async () => {
    const { job, pod } = await working('suspended')
    await run(pod)
    await patch(job, { spec: { suspend: true } })
    const { message } = await inPhase('suspended', 'Hydrating', 'JobSuspended')
    expect(message).toContain(`somebody else has suspended Job ${job}`)
    expect((await get(`job/${job}`)).spec).toMatchObject({ suspend: true })
    const uid = await uidOf(job)
    await cluster.kubectl(['delete', `pod/${pod}`, '--force', '--grace-period=0'])
    await patch(job, { spec: { suspend: false } })
    await end(await podOf(job, pod), 0, report)
    await inPhase('suspended', 'Ready')
    expect(await get('modelcache/suspended')).toMatchObject({ status: { hydration: { jobUID: uid } } })
  })

  test('is left to Kueue from the beginning if it has the label of a queue', async () => {
    const labels = { 'kueue.x-k8s.io/queue-name': 'downloads', team: 'search' }
    const annotations = { 'cost-center': '42' }
    const job = 'modelcache--queued'
    await provision(job)
    await cluster.need(
      modelCache('queued', soundSpec({ ...inline, ...sized, hydration: { labels, annotations } })),
    )
    const { message } = await inPhase('queued', 'Hydrating', 'JobSuspended')
    expect(message).toContain('waits in queue "downloads" until Kueue resumes it')
    expect(await get(`job/${job}`)).toMatchObject({
      metadata: { labels, annotations },
      spec: { suspend: true, template: { metadata: { labels, annotations } } },
    })
    // As Kueue does when the turn of the Job comes.
    await patch(job, {
      spec: {
        suspend: false,
        template: {
          metadata: { labels: { 'kueue.x-k8s.io/podset': 'main' } },
          spec: { nodeSelector: { pool: 'downloads' } },
        },
      },
    })
    await end(await podOf(job), 0, report)
    await inPhase('queued', 'Ready')
  })
})
