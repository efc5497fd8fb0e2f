import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts'
import { createRest } from '../../src/kube/rest.ts'
import { type OwnPlane, startOwnPlane } from '../e2e/support/own-plane.ts'
import { httpGet } from '../testbed/http.ts'
import { askFor } from './support/pod-verdicts.ts'

/**
 * Longer than the default of `--max-event-loop-lag`. With the second until the API server calls again, it is
 * half of the time that a call has.
 */
const FROZEN_MS = 1_500
const ROUNDS = 5

let own: OwnPlane

beforeAll(async () => {
  own = await startOwnPlane()
})
afterAll(() => own?.[Symbol.asyncDispose]())

/** How many requests got 503 because the event loop was late. */
async function shed(): Promise<number> {
  const { body } = await httpGet(`${own.product.webhook.healthUrl}/metrics`)
  const count = /^modelcache_admission_shed_total\{cause="event-loop-lag"\} (\d+)$/m.exec(body)?.[1]
  return Number(count)
}

/** Stops the process during something, for as long as the fault lasts. */
async function frozen<T>(pid: number, start: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP')
  try {
    const underWay = start()
    await pause(FROZEN_MS)
    process.kill(pid, 'SIGCONT')
    return await underWay
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

test('a create that is put off by an overloaded webhook is tried again by the API server, and succeeds', async () => {
  const { cluster, controlPlane, product } = own
  const rest = createRest(loadKubeConfig(controlPlane.kubeconfig))
  const create = () => askFor('weights', cluster.namespace, rest)
  const pid = product.webhook.child()?.pid ?? 0
  expect(pid).toBeGreaterThan(1)
  // Now the API server has a connection. A handshake would take turns of its own.
  expect(await create()).toMatchObject({ said: 'allowed' })
  expect(await shed()).toBe(0)
  let rounds = 0
  while ((await shed()) === 0 && rounds < ROUNDS) {
    rounds += 1
    expect(await frozen(pid, create)).toMatchObject({ said: 'allowed', message: '' })
  }
  console.log(`put off: ${await shed()}, in ${rounds} rounds`)
  expect(await shed()).toBeGreaterThan(0)
  const { stdout } = await cluster.kubectl(['get', 'pods', '-o', 'name'])
  expect(stdout.trim().split('\n')).toHaveLength(1 + rounds)
})
