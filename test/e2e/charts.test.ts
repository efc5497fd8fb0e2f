import { beforeAll, describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import { helm, inRepository } from '../manifests/support/rendered.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { classes, RWX_CLASS, readyStatus } from './support/objects.ts'

const CHART = inRepository('examples/helm-chart')

let cluster: Cluster
let run: (...args: string[]) => ReturnType<typeof helm>

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  run = (...args) => helm(['-n', cluster.namespace, ...args], { KUBECONFIG: inject('cluster').kubeconfig })
})

const items = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) })

const namesOf = async (kind: string) =>
  items.parse(await cluster.get(kind)).items.map(({ metadata }) => metadata.name)

/** Installs the chart and makes its cache Ready, so that its pod mounts it. */
async function installed(release: string): Promise<void> {
  const { code, stderr } = await run('install', release, CHART, '--set', `storageClassName=${RWX_CLASS}`)
  expect(code, stderr).toBe(0)
  await cluster.setStatus(`modelcache/${release}`, readyStatus(`modelcache--${release}`))
  await eventually(`a pod of ${release} without a gate`, async () => {
    const pods = await cluster.kubectl([
      'get',
      'pods',
      '-l',
      `app.kubernetes.io/instance=${release}`,
      '-o',
      'json',
    ])
    const found = z
      .object({ items: z.array(z.object({ spec: z.object({ schedulingGates: z.unknown().optional() }) })) })
      .parse(JSON.parse(pods.stdout)).items
    return (found.length === 1 && found.every(({ spec }) => spec.schedulingGates === undefined)) || undefined
  })
}

/** For the pods of the namespace. */
async function setFinalizers(finalizers: string[] | null): Promise<void> {
  const patch = JSON.stringify({ metadata: { finalizers } })
  for (const name of await namesOf('pods')) {
    const { code, stderr } = await cluster.kubectl(['patch', `pod/${name}`, '--type=merge', '-p', patch])
    expect(code, stderr).toBe(0)
  }
}

describe('the chart of examples/helm-chart', () => {
  test('is uninstalled while pods mount its cache, and leaves nothing', async () => {
    await installed('served')
    const { code, stderr } = await run('uninstall', 'served')
    expect(code, stderr).toBe(0)
    await eventually('the end of cache and Deployment', async () => {
      const left = [...(await namesOf('modelcaches')), ...(await namesOf('deployments'))]
      return left.length === 0 || undefined
    })
  })

  test('without the annotation that allows it is denied, keeps its cache, and is uninstalled when its pods have ended', async () => {
    await installed('guarded')
    const annotation = 'modelplane.ai/allow-delete-in-use-'
    expect((await cluster.kubectl(['annotate', 'modelcache/guarded', annotation])).code).toBe(0)
    // Its pod runs on no node, so without this it would disappear together with its Deployment.
    await setFinalizers(['example.com/still-running'])
    const refused = await run('uninstall', 'guarded')
    expect(refused.code).not.toBe(0)
    expect(await namesOf('modelcaches')).toEqual(['guarded'])
    await setFinalizers(null)
    await cluster.kubectl(['delete', 'pods', '--all', '--force', '--grace-period=0'])
    await eventually('the release to be gone', async () => {
      const { code } = await run('uninstall', 'guarded')
      return code === 0 || undefined
    })
    await eventually(
      'the end of the cache',
      async () => (await namesOf('modelcaches')).length === 0 || undefined,
    )
  })
})
