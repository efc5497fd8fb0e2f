import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OwnPlane, startOwnPlane } from '../e2e/support/own-plane.ts'
import { startTcpProxy, type TcpProxy } from '../testbed/tcp-proxy.ts'
import { full, setScene } from './support/watched-changes.ts'

// The product reaches the API server through a proxy that fails, but the API server always reaches the
// webhook. So pods are decided while the watches are blind.
let own: OwnPlane
let proxy: TcpProxy

beforeAll(async () => {
  own = await startOwnPlane({
    reach: async ({ server }) => {
      proxy = await startTcpProxy(Number(new URL(server).port))
      return `https://127.0.0.1:${proxy.port}`
    },
  })
})
afterAll(async () => {
  await own?.[Symbol.asyncDispose]()
  await proxy?.[Symbol.asyncDispose]()
})

test('connections cut: the watches go on, and miss nothing', async () => {
  await using scene = await setScene(own, 'cut')
  const since = performance.now()
  proxy.cut()
  await scene.change()
  await scene.report('connections cut', since)
})

test('the API server out of reach: pods are decided by the last event, and denials say so', async () => {
  await using scene = await setScene(own, 'refused')
  proxy.refuse()
  await scene.change()
  const blind = await scene.askForRisen()
  expect(blind).toMatchObject({
    said: 'denied',
    message: expect.stringContaining('as of the last watch event'),
  })
  const since = performance.now()
  proxy.resume()
  await scene.report('API server out of reach', since)
})

test('connections silent: denials are lifted over new ones at once, and the watches notice', async () => {
  await using scene = await setScene(own, 'silent')
  const since = performance.now()
  proxy.freeze('open')
  await scene.change()
  expect(await scene.askForRisen()).toMatchObject({ said: 'allowed' })
  // The watches notice within half a minute. If the silence ends before that, they recover sooner.
  if (!full) proxy.cut()
  await scene.report('connections silent', since)
})

test.runIf(full)('everything silent for longer than watches bear: as when it is out of reach', async () => {
  await using scene = await setScene(own, 'all-silent')
  proxy.freeze('all')
  await scene.change()
  const stalled = performance.now() + 40_000
  while (performance.now() < stalled) expect((await scene.askForRisen()).said).not.toBe('allowed')
  const since = performance.now()
  proxy.resume()
  await scene.report('everything silent for 40 s', since)
})
