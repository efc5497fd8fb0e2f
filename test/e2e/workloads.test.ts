import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { classes, DIGEST, modelCache, readyStatus, soundSpec } from './support/objects.ts'
import { claimMounts, type StoredPod, storedPod } from './support/stored-pod.ts'

const SNAPSHOT = `modelcache--llama-3-3-70b/${snapshotPath(DIGEST)}`
const GANG = 'leaderworkerset.sigs.k8s.io/name=llama-gang'

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

function example(name: string): string {
  return readFileSync(new URL(`../../examples/${name}`, import.meta.url), 'utf8')
}

async function pods(selector: string): Promise<StoredPod[]> {
  const { stdout } = await cluster.kubectl(['get', 'pods', '-l', selector, '-o', 'json'])
  return z.object({ items: z.array(storedPod) }).parse(JSON.parse(stdout)).items
}

async function events(kind: string): Promise<string> {
  const selector = `reason=FailedCreate,involvedObject.kind=${kind}`
  return (
    await cluster.kubectl([
      'get',
      'events',
      '--field-selector',
      selector,
      '-o',
      'jsonpath={.items[*].message}',
    ])
  ).stdout
}

test('a gang and a Deployment whose cache is not Ready get no pods, and their events say why', async () => {
  await cluster.need(modelCache('llama-3-3-70b', soundSpec()))
  for (const name of ['multi-node-gang/2-gang.yaml', 'weights/2-deployment.yaml']) {
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], example(name))
    expect(code, stderr).toBe(0)
  }
  for (const kind of ['StatefulSet', 'ReplicaSet']) {
    const words = await eventually(`an Event of the ${kind}`, async () => (await events(kind)) || undefined)
    expect(words).toMatch(/CacheNotReady: ModelCache \S+\/llama-3-3-70b is (Pending|Provisioning) /)
  }
  expect(await pods(GANG)).toEqual([])
  expect(await pods('app=llama-vllm')).toEqual([])
})

test('once it is Ready, leaders and workers of two gangs of three get the same read-only mount', async () => {
  await cluster.setStatus('modelcache/llama-3-3-70b', readyStatus('modelcache--llama-3-3-70b'))
  const gang = await eventually('six pods', async () => {
    const found = await pods(GANG)
    return found.length === 6 ? found : undefined
  })
  for (const { metadata } of gang)
    expect(metadata.annotations?.['modelplane.ai/injected']).toBe(`llama-3-3-70b=${DIGEST}`)
  const mounts = gang.map(pod => [pod.metadata.name, claimMounts(pod)])
  const given = (container: string) => [`${container} ${SNAPSHOT} at /mnt/model`]
  expect(Object.fromEntries(mounts)).toEqual({
    'llama-gang-0': given('vllm-leader'),
    'llama-gang-1': given('vllm-leader'),
    'llama-gang-0-1': given('vllm-worker'),
    'llama-gang-0-2': given('vllm-worker'),
    'llama-gang-1-1': given('vllm-worker'),
    'llama-gang-1-2': given('vllm-worker'),
  })
})

test('and so do the pods of the Deployment, in the container of the engine alone', async () => {
  const found = await eventually('two pods', async () => {
    const created = await pods('app=llama-vllm')
    return created.length === 2 ? created : undefined
  })
  for (const pod of found) expect(claimMounts(pod)).toEqual([`vllm ${SNAPSHOT} at /mnt/model`])
})
