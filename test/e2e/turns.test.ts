import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from './support/cluster.ts'
import { modelCache, pausedCache, soundSpec } from './support/objects.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'
import { stepByStep } from './support/step-by-step.ts'

const spec = soundSpec({ ...inline, ...sized })

let plane: OwnPlane
let cluster: Cluster
const { list, inPhase, provision, podOf, end } = stagingIn(() => cluster)
const jobs = async () => (await list('jobs')).map(({ metadata }) => metadata.name)

beforeAll(async () => {
  plane = await startOwnPlane({
    settings: { controller: { options: ['--max-concurrent-hydrations', '1'] } },
  })
  cluster = plane.cluster
  await Promise.all(['first', 'second', 'third'].map(name => provision(`modelcache--${name}`)))
})
afterAll(() => plane?.[Symbol.asyncDispose]())

stepByStep()

test('while a hydration runs, others wait and say which number they are', async () => {
  await cluster.need(modelCache('first', spec))
  await podOf('modelcache--first')
  await cluster.need(modelCache('second', spec))
  const { message } = await inPhase('second', 'Pending', 'Queued')
  expect(message).toMatch(/^1 hydration runs, .* number 1 of those that wait/)
  await cluster.need(modelCache('third', spec))
  expect(await inPhase('third', 'Pending', 'Queued')).toMatchObject({
    message: expect.stringContaining('number 2'),
  })
  expect(await jobs()).toEqual(['modelcache--first'])
})

test('the next one starts when it ends, and a paused cache holds nobody up', async () => {
  await cluster.need(pausedCache('second', spec))
  await end(await podOf('modelcache--first'), 0, report)
  await inPhase('first', 'Ready')
  await end(await podOf('modelcache--third'), 0, report)
  await inPhase('third', 'Ready')
  expect(await jobs()).not.toContain('modelcache--second')
})
