import { beforeAll, expect, inject, test } from 'vitest'
import { z } from 'zod'
import { ApiError, isConflict, isNotFound } from '../../src/kube/api-error.ts'
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts'
import { createRest, type Rest } from '../../src/kube/rest.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'

// What the controller does to objects of other kinds, on a real API server.
const stored = z.looseObject({
  metadata: z.looseObject({ uid: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
})

let cluster: Cluster
let rest: Rest
let collection: string

beforeAll(async () => {
  cluster = await newNamespace()
  rest = createRest(loadKubeConfig(inject('cluster').kubeconfig))
  collection = `/api/v1/namespaces/${cluster.namespace}/configmaps`
})

const write = { fieldManager: 'test' }

async function aConfigMap(name: string) {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1', b: '2' } }
  return stored.parse(await rest.create(collection, object, write))
}

test('a JSON merge patch adds, changes and removes', async () => {
  await aConfigMap('merged')
  const patched = await rest.jsonMerge(`${collection}/merged`, { data: { a: null, b: '3', c: '4' } }, write)
  expect(stored.parse(patched).data).toEqual({ b: '3', c: '4' })
})

test('an object is deleted only if it is the one that is meant', async () => {
  const { metadata } = await aConfigMap('deleted')
  const path = `${collection}/deleted`
  const another = rest.delete(path, { uid: 'another', propagation: 'Background' })
  await expect(another).rejects.toSatisfy(isConflict)
  await rest.delete(path, { uid: metadata.uid, propagation: 'Background' })
  await expect(rest.get(path)).rejects.toSatisfy(isNotFound)
  await expect(rest.delete(path, { propagation: 'Background' })).rejects.toSatisfy(isNotFound)
})

test('a Job takes its pods along', async () => {
  await cluster.need({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'with-pods' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } } },
  })
  const pods = async () =>
    (await cluster.kubectl(['get', 'pods', '-l', 'batch.kubernetes.io/job-name=with-pods', '-o', 'name']))
      .stdout
  await eventually('its pod', async () => (await pods()) || undefined)
  const path = `/apis/batch/v1/namespaces/${cluster.namespace}/jobs/with-pods`
  await rest.delete(path, { propagation: 'Background' })
  await eventually('the end of its pod', async () => ((await pods()) === '' ? true : undefined))
})

test('the log of a pod that no node runs is denied in the words of the API server', async () => {
  await cluster.need({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'silent' },
    spec: { containers: [{ name: 'c', image: 'x' }] },
  })
  const path = `/api/v1/namespaces/${cluster.namespace}/pods/silent`
  const log = rest.log(path, { tailLines: 10, limitBytes: 1_000 })
  // Without a node there is no log: the answer is empty, or says that there is no host.
  await log.then(
    text => expect(text).toBe(''),
    error => expect(error).toBeInstanceOf(ApiError),
  )
})
