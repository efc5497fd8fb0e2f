import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { annotations, modelCache } from '../e2e/support/objects.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { NO_NODE, newNamespace, volumeFolder } from './support/cluster.ts'

const NAMES = ['first', 'second']

const spec = (name: string) => ({
  artifact: { kind: 'Bytes', source: { inline: { files: { 'name.txt': name } } } },
  mount: { path: '/mnt/model' },
  storage: { backend: 'ExistingPVC', existingPVC: { name: 'models', subPath: `caches/${name}` } },
})

const phased = z.looseObject({ status: z.looseObject({ phase: z.string().optional() }).optional() })

describe.skipIf(NO_NODE)('one claim for several caches', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await newNamespace()
    await cluster.need({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'models' },
      spec: {
        accessModes: ['ReadWriteMany'],
        storageClassName: SHARED_CLASS,
        resources: { requests: { storage: '1Gi' } },
      },
    })
    for (const name of NAMES) await cluster.need(modelCache(name, spec(name)))
  })

  test('has a folder for each, and nothing else', async () => {
    for (const name of NAMES)
      await eventually(`${name} to be Ready`, async () => {
        const { status } = phased.parse(await cluster.get(`modelcache/${name}`))
        return status?.phase === 'Ready' || undefined
      })
    const folder = await volumeFolder(cluster, 'models')
    expect(await readdir(folder)).toEqual(['caches'])
    expect((await readdir(join(folder, 'caches'))).toSorted()).toEqual(NAMES)
  })

  test('gives each pod the files of its cache', async () => {
    const command = ['sh', '-c', 'cat /mnt/model/name.txt']
    const containers = [{ name: 'main', image: 'modelcache.test/tools:1', command }]
    for (const name of NAMES)
      await cluster.need({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, ...annotations(name) },
        spec: { restartPolicy: 'Never', containers },
      })
    for (const name of NAMES)
      expect(
        await eventually(`the output of ${name}`, async () => {
          const { stdout } = await cluster.kubectl(['logs', `pod/${name}`])
          return stdout || undefined
        }),
      ).toBe(name)
  })
})
