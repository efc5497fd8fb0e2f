import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cluster } from '../e2e/support/cluster.ts'
import { modelCache } from '../e2e/support/objects.ts'
import { ACCOUNT, KEY, serveAzure } from '../sources/azure.ts'
import { serveGcs } from '../sources/gcs.ts'
import { type S3Server, serveS3 } from '../sources/s3.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { NO_NODE, newNamespace, nodeFolder, sandbox } from './support/cluster.ts'
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
  test('of Google is staged, and a gang reads it', async () => {
    const data = nodeFolder('gcs')
    await mkdir(join(data, 'models/llama/sub'), { recursive: true })
    await writeFile(join(data, 'models/llama/config.json'), '{}')
    await writeFile(join(data, 'models/llama/sub/part'), 'part')
    await writeFile(join(data, 'models/llama/weights.bin'), Buffer.alloc(BYTES, 'w'))
    await using google = await serveGcs(sandbox(), data)
    const source = { gcs: { uri: 'gs://models/llama', endpoint: google.url } }
    await cluster.need(
      modelCache('google', {
        artifact: { kind: 'Weights', source },
        mount: { path: '/mnt/model' },
        storage: { pvc: { storageClassName: SHARED_CLASS } },
      }),
    )
    await untilReady(cluster, 'google')
    for (const log of await readByGang(cluster, 'google', READ)) expect(log).toContain(`{}part${BYTES}`)
  })

  test('of Azure is staged with the key of the account, and a gang reads it', async () => {
    await using azure = await serveAzure(sandbox())
    await azure.python(`
service.create_container('models')
blobs = service.get_container_client('models')
blobs.upload_blob('llama/config.json', b'{}')
blobs.upload_blob('llama/sub/part', b'part')
blobs.upload_blob('llama/weights.bin', b'w' * ${BYTES})
`)
    const endpoint = `${azure.url}/${ACCOUNT}`
    const source = {
      azure: { account: ACCOUNT, uri: 'az://models/llama', endpoint, secretRef: { name: 'azure' } },
    }
    await cluster.need(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'azure' },
        stringData: { AZURE_STORAGE_KEY: KEY },
      },
      modelCache('azure', {
        artifact: { kind: 'Weights', source },
        mount: { path: '/mnt/model' },
        storage: { pvc: { storageClassName: SHARED_CLASS } },
      }),
    )
    await untilReady(cluster, 'azure')
    for (const log of await readByGang(cluster, 'azure', READ)) expect(log).toContain(`{}part${BYTES}`)
  })
})
