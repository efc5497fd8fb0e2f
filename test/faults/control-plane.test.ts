import { cp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { eventually } from '../e2e/support/cluster.ts'
import { type OwnPlane, startOwnPlane } from '../e2e/support/own-plane.ts'
import type { ControlPlane } from '../testbed/control-plane.ts'
import { full, setScene } from './support/watched-changes.ts'

// The API server and etcd go away and come back. While they are away nothing is admitted at all. The time
// after that counts, when pods are created before the watches have recovered.
let own: OwnPlane
let controlPlane: ControlPlane

beforeAll(async () => {
  own = await startOwnPlane()
  controlPlane = own.controlPlane
})
afterAll(() => own?.[Symbol.asyncDispose]())

test.each(['kill', 'stop'] as const)('the API server is gone by %s and started again', async how => {
  await using scene = await setScene(own, `apiserver-${how}`)
  await controlPlane.apiserver[how]()
  await controlPlane.apiserver.start()
  const since = performance.now()
  await scene.change()
  await scene.report(`kube-apiserver, ${how} and start`, since)
})

test('etcd is killed and started again', async () => {
  await using scene = await setScene(own, 'etcd')
  await controlPlane.etcd.kill()
  await eventually('an API server that misses etcd', async () => {
    return (await own.cluster.kubectl(['get', '--raw', '/readyz'])).code !== 0 || undefined
  })
  await controlPlane.etcd.start()
  const since = performance.now()
  await scene.change()
  await scene.report('etcd, kill and start', since)
})

test.runIf(full)(
  'etcd is put back to an older state: the view follows it back, and forth again',
  async () => {
    const data = join(dirname(controlPlane.kubeconfig), 'etcd')
    const copy = `${data}-copy`
    const whileDown = async (work: () => Promise<void>) => {
      await controlPlane.apiserver.stop()
      await controlPlane.etcd.stop()
      await work()
      await controlPlane.etcd.start()
      await controlPlane.apiserver.start()
    }
    await using scene = await setScene(own, 'restored')
    await whileDown(() => cp(data, copy, { recursive: true }))
    await scene.change()
    await scene.settled()

    await whileDown(async () => {
      await rm(data, { recursive: true })
      await cp(copy, data, { recursive: true })
    })
    const since = performance.now()
    await scene.asBefore()
    console.log(`etcd put back: right again after ${((performance.now() - since) / 1000).toFixed(1)} s`)
    await scene.change()
    await scene.settled()
  },
)
