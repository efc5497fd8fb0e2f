import { beforeAll, describe, expect, test } from 'vitest'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { classes, modelCache, soundSpec } from './support/objects.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'
import { stepByStep } from './support/step-by-step.ts'

const CLAIM = 'modelcache--llama'
const NEWER = `sha256:${'b'.repeat(64)}`
const spec = soundSpec({ ...inline, ...sized, refetch: { every: '24h' } })

let cluster: Cluster
const { get, inPhase, provision, podOf, end, eventsOf } = stagingIn(() => cluster)

/** Has the last look at the source be long ago. */
async function elapse(): Promise<void> {
  const patch = JSON.stringify({ status: { lastCheckedAt: '2026-01-01T00:00:00Z' } })
  const args = ['patch', 'modelcache/llama', '--subresource=status', '--type=merge', '-p', patch]
  const { code, stderr } = await cluster.kubectl(args)
  expect(code, stderr).toBe(0)
}

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  await provision(CLAIM)
})

describe('a cache that looks at its source by the clock', () => {
  stepByStep()
  let pod: string

  test('stages what is new, and stays Ready', async () => {
    await cluster.need(modelCache('llama', spec))
    pod = await podOf(CLAIM)
    await end(pod, 0, report)
    await inPhase('llama', 'Ready')
    await elapse()
    const next = await podOf(CLAIM, pod)
    expect((await get('modelcache/llama')).status?.phase).toBe('Ready')
    await end(next, 0, { ...report, digest: NEWER, path: snapshotPath(NEWER) })
    await eventually('the newer snapshot', async () => {
      const { status } = await get('modelcache/llama')
      return status?.resolvedDigest === NEWER || undefined
    })
    pod = next
  })

  test('tells people that the source is down, and loses nothing', async () => {
    await elapse()
    await end(await podOf(CLAIM, pod), 1, { reason: 'SourceNotFound', message: 'it is gone' })
    await eventually(
      'an Event',
      async () =>
        /Warning +RefetchFailed .*SourceNotFound: it is gone/.test(await eventsOf('llama')) || undefined,
    )
    const { status } = await get('modelcache/llama')
    expect([status?.phase, status?.resolvedDigest]).toEqual(['Ready', NEWER])
    await eventually('no Job', async () => {
      const { stdout } = await cluster.kubectl(['get', 'jobs', '-o', 'name'])
      return stdout === '' || undefined
    })
  })
})

test.each(['1m', '0h', '24', 'daily', '05m'])('%s is no interval', async every => {
  const { code, stderr } = await cluster.apply(modelCache('denied', { ...spec, refetch: { every } }))
  expect(code).toBe(1)
  expect(stderr).toContain('spec.refetch.every')
})
