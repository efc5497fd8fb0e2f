import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cluster } from '../e2e/support/cluster.ts'
import { modelCache } from '../e2e/support/objects.ts'
import { HTPASSWD, type Registry, serveRegistry } from '../sources/registry.ts'
import { buildah } from '../testbed/node/buildah.ts'
import { baseImages } from '../testbed/node/images.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { NO_NODE, newNamespace, sandbox } from './support/cluster.ts'
import { readByGang, untilReady } from './support/read-by-gang.ts'

const LIST = 'cd /mnt/model && find . -type f | sort && cat config.json one'
const PASSWORD = 'canary-secret'

/** A change of an image, as one layer of it. */
async function layered(from: string, script: string): Promise<string> {
  const container = (await buildah(['from', '--pull-never', from], 'starting an image')).trim()
  await buildah(['run', container, 'sh', '-c', script], 'writing a layer')
  const image = (await buildah(['commit', '--quiet', '--rm', container], 'committing a layer')).trim()
  return image
}

describe.skipIf(NO_NODE)('a cache from a registry', () => {
  let cluster: Cluster
  let registry: Registry

  beforeAll(async () => {
    cluster = await newNamespace()
    registry = await serveRegistry({ htpasswd: `${HTPASSWD}\n` }, sandbox())
    const [shell = ''] = await baseImages()
    const below = await layered(
      shell,
      'mkdir -p /models/sub; cd /models; echo gone > gone; echo {} > config.json; echo x > sub/x; echo 1 > one; ln one two',
    )
    const image = await layered(below, 'cd /models; rm -r gone sub; echo 2 > one; ln -s two three')
    const push = ['push', '--quiet', '--tls-verify=false', '--creds', `tests:${PASSWORD}`]
    await buildah(
      [...push, image, `docker://${registry.host}/models/llama:v1`],
      'pushing',
      {},
      sandbox().enter,
    )
  }, 300_000)
  afterAll(() => registry?.[Symbol.asyncDispose]())

  test('has the files that a container of the image would see, and a gang reads it', async () => {
    const { host } = registry
    const config = { auths: { [host]: { username: 'tests', password: PASSWORD } } }
    await cluster.need(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'pull' },
        type: 'kubernetes.io/dockerconfigjson',
        stringData: { '.dockerconfigjson': JSON.stringify(config) },
      },
      modelCache('llama', {
        artifact: {
          kind: 'Weights',
          source: {
            oci: { reference: `${host}/models/llama:v1`, plainHTTP: true, secretRef: { name: 'pull' } },
          },
        },
        mount: { path: '/mnt/model' },
        storage: { pvc: { storageClassName: SHARED_CLASS, sizeGiB: 1 } },
      }),
    )
    await untilReady(cluster, 'llama')
    for (const log of await readByGang(cluster, 'llama', LIST))
      expect(log.trim().split('\n')).toEqual(['./config.json', './one', './three', './two', '{}', '2', 'end'])
    const { stdout } = await cluster.kubectl(['get', 'modelcaches,jobs,pods,events', '-o', 'yaml'])
    expect(stdout).not.toContain(PASSWORD)
    expect(stdout).toContain('resolvedRevision: sha256:')
  })
})
