import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { annotations, DIGEST, modelCache, readyStatus } from '../e2e/support/objects.ts'
import { BLOCK_CLASS, NAMED_CLASS, SHARED_CLASS } from '../testbed/node/volumes.ts'
import { NO_NODE, newNamespace, volumeFolder } from './support/cluster.ts'

const GATE = { 'modelplane.ai/not-ready': 'Gate' }
const READ = 'cat /mnt/model/weights.txt; touch /mnt/model/mine; ls /mnt/model'

/** A claim that is bound before anybody uses it, so that the test can fill its volume first. */
function claim(name: string, volumeName: string) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      storageClassName: NAMED_CLASS,
      volumeName,
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '10Gi' } },
    },
  }
}

function reader(command: string) {
  return { containers: [{ name: 'main', image: 'modelcache.test/tools:1', command: ['sh', '-c', command] }] }
}

function pod(name: string, caches: string, more: Record<string, string> = {}) {
  const spec = { ...reader(READ), restartPolicy: 'Never' }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...annotations(caches, more) }, spec }
}

describe.skipIf(NO_NODE)('weights on a real volume', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await newNamespace()
    await cluster.need(
      claim('staged', `${NAMED_CLASS}-0`),
      claim('modelcache--managed', `${NAMED_CLASS}-1`),
      modelCache('staged', {
        artifact: { kind: 'Weights' },
        mount: { path: '/mnt/model' },
        storage: { backend: 'ExistingPVC', existingPVC: { name: 'staged', subPath: 'llama' } },
      }),
      modelCache('managed', {
        artifact: {
          kind: 'Weights',
          source: { huggingFace: { repo: 'example/model', revision: '5206a32e'.repeat(5) } },
        },
        mount: { path: '/mnt/model' },
        storage: { backend: 'PVC', pvc: { storageClassName: SHARED_CLASS, sizeGiB: 10 } },
      }),
    )
    await eventually('the claims', async () => {
      const { stdout } = await cluster.kubectl(['get', 'pvc', '-o', 'jsonpath={.items[*].status.phase}'])
      return stdout === 'Bound Bound' ? true : undefined
    })
    for (const [name, folder] of [
      ['staged', 'llama'],
      ['modelcache--managed', snapshotPath(DIGEST)],
    ] as const) {
      const path = join(await volumeFolder(cluster, name), folder)
      await mkdir(path, { recursive: true })
      await writeFile(join(path, 'weights.txt'), `weights of ${name}\n`)
    }
    await cluster.kubectl(['wait', '--for=condition=Ready', 'modelcache/staged', '--timeout=180s'])
  })

  async function output(name: string): Promise<string> {
    await eventually(`the end of pod ${name}`, async () => {
      const { stdout } = await cluster.kubectl(['get', `pod/${name}`, '-o', 'jsonpath={.status.phase}'])
      return ['Succeeded', 'Failed'].includes(stdout) ? true : undefined
    })
    return (await cluster.kubectl(['logs', name])).stdout
  }

  test('a pod reads them where the cache says, and cannot write', async () => {
    await cluster.need(pod('reader', 'staged'))
    const text = await output('reader')
    expect(text).toContain('weights of staged')
    expect(text).toMatch(/touch: .*Read-only file system/)
    expect(text).toMatch(/^weights\.txt$/m)
  })

  test('a pod that waited at its gate is let go, and finds the snapshot that it was told', async () => {
    await cluster.need(pod('waiting', 'managed', GATE))
    const { stdout } = await cluster.kubectl([
      'get',
      'pod/waiting',
      '-o',
      'jsonpath={.status.conditions[0].reason}',
    ])
    expect(stdout).toBe('SchedulingGated')
    await cluster.setStatus('modelcache/managed', readyStatus('modelcache--managed'))
    const text = await output('waiting')
    expect(text).toContain('weights of modelcache--managed')
    expect(text).toMatch(/touch: .*Read-only file system/)
  })

  test('every pod of a gang reads the same', async () => {
    const template = { metadata: annotations('staged'), spec: reader(`${READ}; sleep 3600`) }
    await cluster.need({
      apiVersion: 'leaderworkerset.x-k8s.io/v1',
      kind: 'LeaderWorkerSet',
      metadata: { name: 'gang' },
      spec: {
        replicas: 1,
        leaderWorkerTemplate: { size: 3, leaderTemplate: template, workerTemplate: template },
      },
    })
    for (const name of ['gang-0', 'gang-0-1', 'gang-0-2']) {
      const text = await eventually(`the log of ${name}`, async () => {
        const { stdout } = await cluster.kubectl(['logs', name])
        return stdout.includes('weights.txt') ? stdout : undefined
      })
      expect(text).toContain('weights of staged')
    }
    const { code } = await cluster.kubectl(['delete', 'lws/gang', '--wait=false'])
    expect(code).toBe(0)
  })

  test('a class whose volumes cannot be shared is denied', async () => {
    const { code, stderr } = await cluster.apply(
      modelCache('unshared', {
        artifact: { kind: 'Weights', source: { inline: { files: { a: 'b' } } } },
        mount: { path: '/mnt/model' },
        storage: { backend: 'PVC', pvc: { storageClassName: BLOCK_CLASS, sizeGiB: 1 } },
      }),
    )
    expect(code).toBe(1)
    expect(stderr).toContain('StorageClassNotRWX')
  })
})
