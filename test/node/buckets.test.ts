import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cluster } from '../e2e/support/cluster.ts'
import { modelCache } from '../e2e/support/objects.ts'
import { type S3Server, serveS3 } from '../sources/s3.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { NO_NODE, newNamespace, sandbox } from './support/cluster.ts'
import { readByGang, untilReady } from './support/read-by-gang.ts'

const READ = 'cat /mnt/model/config.json /mnt/model/sub/part; wc -c < /mnt/model/weights.bin'
const BYTES = 40 * 2 ** 20

describe.skipIf(NO_NODE)('a cache from a bucket', () => {
  let cluster: Cluster
  let server: S3Server

  beforeAll(async () => {
    cluster = await newNamespace()
    server = await serveS3(sandbox())
    await server.python(`
s3.create_bucket(Bucket='models')
s3.put_object(Bucket='models', Key='llama/config.json', Body=b'{}')
s3.put_object(Bucket='models', Key='llama/sub/part', Body=b'part')
s3.put_object(Bucket='models', Key='llama/weights.bin', Body=b'w' * ${BYTES}, ChecksumAlgorithm='CRC64NVME')
`)
  }, 300_000)
  afterAll(() => server?.[Symbol.asyncDispose]())

  test('becomes another claim, which a second cache copies', async () => {
    const cloned = { kind: 'Weights', source: { pvcClone: { name: 'filled', subPath: 'llama' } } }
    const script = 'mkdir -p /out/llama/sub; cd /out/llama; echo -n {} > config.json; echo -n part > sub/part'
    await cluster.need(
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'filled' },
        spec: {
          accessModes: ['ReadWriteMany'],
          storageClassName: SHARED_CLASS,
          resources: { requests: { storage: '1Gi' } },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'fills' },
        spec: {
          restartPolicy: 'Never',
          volumes: [{ name: 'out', persistentVolumeClaim: { claimName: 'filled' } }],
          containers: [
            {
              name: 'main',
              image: 'modelcache.test/tools:1',
              command: ['sh', '-c', script],
              volumeMounts: [{ name: 'out', mountPath: '/out' }],
            },
          ],
        },
      },
    )
    await cluster.kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/fills', '--timeout=120s'])
    await cluster.need(
      modelCache('cloned', {
        artifact: cloned,
        mount: { path: '/mnt/model' },
        storage: { pvc: { storageClassName: SHARED_CLASS } },
      }),
    )
    await untilReady(cluster, 'cloned')
    const { stdout } = await cluster.kubectl([
      'get',
      'modelcache/cloned',
      '-o',
      'jsonpath={.status.filesStaged}',
    ])
    expect(stdout).toBe('2')
  })

  test('is measured and staged with the keys of a Secret, and a gang reads it', async () => {
    const source = {
      s3: { uri: 's3://models/llama/', endpoint: server.url, secretRef: { name: 'bucket' } },
    }
    await cluster.need(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'bucket' },
        stringData: { 'access-key': 'tests', 'secret-key': 'canary-secret' },
      },
      modelCache('llama', {
        artifact: { kind: 'Weights', source },
        mount: { path: '/mnt/model' },
        storage: { pvc: { storageClassName: SHARED_CLASS } },
      }),
    )
    await untilReady(cluster, 'llama')
    for (const log of await readByGang(cluster, 'llama', READ)) expect(log).toContain(`{}part${BYTES}`)
    // The keys are nowhere but in the Secret.
    const { stdout } = await cluster.kubectl(['get', 'modelcaches,jobs,pods,events', '-o', 'yaml'])
    expect(stdout).not.toContain('canary-secret')
  })
})
