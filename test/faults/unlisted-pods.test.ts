import { afterAll, beforeAll, expect, test } from 'vitest'
import { LEADER_NAME } from '../../src/api/kubernetes/leader-worker-set.ts'
import { CACHE_CONSUMER, INJECTED } from '../../src/api/names.ts'
import { annotations, DIGEST, pod, readyStatus } from '../e2e/support/objects.ts'
import { type OwnPlane, startOwnPlane, WEIGHTS_CLAIM } from '../e2e/support/own-plane.ts'
import { storedPod } from '../e2e/support/stored-pod.ts'
import { httpGet } from '../testbed/http.ts'
import { type ErringFront, startErringFront } from './support/erring-front.ts'

// A webhook is ready before it has listed the pods of the cluster. Here that list never comes.
const NEWER = `sha256:${'6b'.repeat(32)}`
const LIST_OF_ALL = new RegExp(`^/api/v1/pods\\?.*${encodeURIComponent(CACHE_CONSUMER)}`)

let own: OwnPlane
let front: ErringFront

beforeAll(async () => {
  own = await startOwnPlane({
    reach: async ({ server, ca }) => {
      front = await startErringFront(server, ca)
      return front.url
    },
  })
  const { cluster, product } = own
  await cluster.need(pod({ name: 'leader', ...annotations('weights') }))
  await cluster.setStatus('modelcache/weights', {
    ...readyStatus(WEIGHTS_CLAIM),
    resolvedDigest: NEWER,
    snapshots: [{ digest: NEWER }, { digest: DIGEST }],
  })
  await product.webhook.stop()
  front.answer(
    () => {},
    ({ url = '' }) => LIST_OF_ALL.test(url),
  )
  await product.webhook.start()
})
afterAll(async () => {
  await own?.[Symbol.asyncDispose]()
  await front?.[Symbol.asyncDispose]()
})

test('the webhook knows of no pod', async () => {
  const { body } = await httpGet(`${own.product.webhook.healthUrl}/metrics`)
  expect(body).toContain('modelcache_watch_objects{kind="pods"} 0\n')
  expect(body).toContain('modelcache_watch_objects{kind="modelcaches"} 1\n')
})

test('a cache that a pod mounts is not deleted', async () => {
  const { code, stderr } = await own.cluster.kubectl(['delete', 'modelcache/weights', '--wait=false'])
  expect(code).toBe(1)
  expect(stderr).toContain(`CacheInUse: pod leader mounts ModelCache ${own.cluster.namespace}/weights`)
})

test('a worker gets what its leader has, and another pod what the cache has now', async () => {
  const { cluster } = own
  await cluster.need(
    pod({ name: 'worker', ...annotations('weights', { [LEADER_NAME]: 'leader' }) }),
    pod({ name: 'alone', ...annotations('weights') }),
  )
  const recordOf = async (name: string) =>
    storedPod.parse(await cluster.get(`pod/${name}`)).metadata.annotations?.[INJECTED]
  expect(await recordOf('worker')).toBe(`weights=${DIGEST}`)
  expect(await recordOf('alone')).toBe(`weights=${NEWER}`)
})
