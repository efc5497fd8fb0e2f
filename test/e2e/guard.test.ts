import { afterAll, beforeAll, expect, test } from 'vitest'
import { inRepository } from '../manifests/support/rendered.ts'
import { type BarePlane, startBarePlane } from './support/bare-plane.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { annotations, classes, pausedCache, pod, readyStatus, soundSpec } from './support/objects.ts'

const GUARD = inRepository('manifests/guard/policy.yaml')

let plane: BarePlane

beforeAll(async () => {
  plane = await startBarePlane()
})
afterAll(() => plane?.[Symbol.asyncDispose]())

test('without ModelCache, the guard rejects pods that ask for caches, and no others, until it is removed', async () => {
  const ask = (object: object) =>
    plane.run(['create', '-n', 'default', '--dry-run=server', '-f', '-'], JSON.stringify(object))
  const asking = pod({ name: 'asks', ...annotations('llama') })
  expect((await ask(asking)).code).toBe(0)
  await plane.kubectl('apply', '-f', GUARD)
  const refused = await eventually('a refusal', async () => {
    const { code, stderr } = await ask(asking)
    return code === 0 ? undefined : stderr
  })
  expect(refused).toContain('denied request: InjectionMissing: this pod asks for caches')
  expect((await ask(pod({ name: 'plain' }))).code).toBe(0)
  await plane.kubectl('delete', '-f', GUARD)
  await eventually('acceptance again', async () => ((await ask(asking)).code === 0 ? true : undefined))
})

test('with ModelCache, the guard lets pass what was given its caches', async () => {
  const cluster: Cluster = await newNamespace()
  await cluster.need(...classes, pausedCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
  await cluster.kubectl(['apply', '-f', GUARD])
  try {
    const given = await cluster.apply(pod(annotations('weights')))
    expect(given.code, given.stderr).toBe(0)
  } finally {
    await cluster.kubectl(['delete', '-f', GUARD])
  }
})
