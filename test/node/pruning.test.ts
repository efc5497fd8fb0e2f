import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { annotations, modelCache } from '../e2e/support/objects.ts'
import { stepByStep } from '../e2e/support/step-by-step.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { NO_NODE, newNamespace, volumeFolder } from './support/cluster.ts'
import { untilReady } from './support/read-by-gang.ts'

const CLAIM = 'modelcache--config'

describe.skipIf(NO_NODE)('old snapshots on a real volume', () => {
  let cluster: Cluster
  const revisions: string[] = []
  stepByStep()

  beforeAll(async () => {
    cluster = await newNamespace()
  })

  const source = (text: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'config' },
    data: { 'a.txt': text },
  })
  const digest = async () =>
    (await cluster.kubectl(['get', 'modelcache/config', '-o', 'jsonpath={.status.resolvedDigest}'])).stdout

  /** Changes the source, and waits until that is staged. */
  async function stagedAgain(text: string): Promise<void> {
    await cluster.need(source(text))
    const before = await digest()
    await eventually(`a snapshot of ${text}`, async () => {
      // kubelet shows a changed ConfigMap to a pod that it starts later.
      const annotate = ['annotate', 'modelcache/config', '--overwrite', `modelplane.ai/refetch=${Date.now()}`]
      await cluster.kubectl(annotate)
      const wanted = (
        await cluster.kubectl([
          'get',
          'modelcache/config',
          '-o',
          'jsonpath={.metadata.annotations.modelplane\\.ai/refetch}',
        ])
      ).stdout
      await eventually('the end of the run', async () => {
        const done = await cluster.kubectl([
          'get',
          'modelcache/config',
          '-o',
          'jsonpath={.status.hydration.refetch}',
        ])
        return done.stdout === wanted || undefined
      })
      return (await digest()) === before ? undefined : true
    })
    revisions.push(await digest())
  }
  const onVolume = async () => readdir(join(await volumeFolder(cluster, CLAIM), 'snapshots'))
  const folders = (...found: (string | undefined)[]) => found.map(each => each?.replace(':', '-'))

  test('stay while a pod reads them, and its bytes do not change', async () => {
    await cluster.need(
      source('one'),
      modelCache('config', {
        artifact: { kind: 'Bytes', source: { configMap: { name: 'config' } } },
        mount: { path: '/mnt/model' },
        storage: { pvc: { storageClassName: SHARED_CLASS, sizeGiB: 1 } },
      }),
    )
    await untilReady(cluster, 'config')
    revisions.push(await digest())
    await cluster.need({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'reader', ...annotations('config') },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: 'modelcache.test/tools:1', command: ['sleep', '3600'] }],
      },
    })
    const ready = await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/reader', '--timeout=180s'])
    expect(ready.code, ready.stderr).toBe(0)
    await stagedAgain('two')
    await stagedAgain('three')
    expect((await onVolume()).toSorted()).toEqual(folders(...revisions).toSorted())
    const { stdout } = await cluster.kubectl(['exec', 'reader', '--', 'cat', '/mnt/model/a.txt'])
    expect(stdout).toBe('one')
  })

  test('go when no pod mounts them, and the newest one before the present one stays', async () => {
    await cluster.kubectl(['delete', 'pod/reader'])
    await eventually('one snapshot fewer', async () => ((await onVolume()).length === 2 ? true : undefined))
    const [, second, third] = folders(...revisions)
    expect((await onVolume()).toSorted()).toEqual([second, third].toSorted())
    const text = await readFile(
      join(await volumeFolder(cluster, CLAIM), `snapshots/${third}`, 'a.txt'),
      'utf8',
    )
    expect(text).toBe('three')
    await untilReady(cluster, 'config')
  })
})
