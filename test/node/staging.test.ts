import { mkdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { annotations, modelCache } from '../e2e/support/objects.ts'
import { type Sources, startSources } from '../sources/beside-node.ts'
import { outputOf, runCommand } from '../testbed/command.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { kubectl, NO_NODE, newNamespace, nodeFolder, SYSTEM, sandbox } from './support/cluster.ts'

// The test writes nothing by hand here: there is a hub, the hydrator's own image, a kubelet, and volumes.

const READ = 'cd /mnt/model && sha256sum *.safetensors; touch mine; sleep 3600'
const GATE = { 'modelplane.ai/not-ready': 'Gate' }
const SHARD_MIB = 100
const SHARDS = 3
/** Of each connection, so that there is something to see. */
const BYTES_PER_SECOND = 12 * 2 ** 20

const cacheStatus = z.looseObject({
  phase: z.string().optional(),
  progress: z.string().optional(),
  conditions: z
    .array(z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }))
    .optional(),
})
const stored = z.looseObject({ status: cacheStatus.optional() })

/** What the container writes to its two outputs may be mixed in its log. */
function sumsIn(log: string): string[] {
  return log
    .split('\n')
    .filter(line => /^[0-9a-f]{64} /.test(line))
    .toSorted()
}

function reader(command: string) {
  return {
    // A shell that is the first process ignores SIGTERM.
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: 'modelcache.test/tools:1', command: ['sh', '-c', command] }],
  }
}

describe.skipIf(NO_NODE)('a cache on a real node', () => {
  let cluster: Cluster
  let sources: Sources

  beforeAll(async () => {
    cluster = await newNamespace()
    sources = await startSources(sandbox(), {
      bytesPerSecond: BYTES_PER_SECOND,
      shards: SHARDS,
      shardMiB: SHARD_MIB,
    })
  }, 120_000)
  afterAll(() => sources?.[Symbol.asyncDispose]())

  const spec = (source: object, storage: object = {}) => ({
    artifact: { kind: 'Weights', source },
    mount: { path: '/mnt/model' },
    storage: { backend: 'PVC', pvc: { storageClassName: SHARED_CLASS, sizeGiB: 1, ...storage } },
  })
  const fromHub = (repo: string, more: object = {}) => ({
    huggingFace: { repo, revision: 'main', endpoint: sources.hub, ...more },
  })
  const statusOf = async (name: string) => stored.parse(await cluster.get(`modelcache/${name}`)).status
  const readyOf = async (name: string) =>
    (await statusOf(name))?.conditions?.find(({ type }) => type === 'Ready')

  test('is measured, provisioned and hydrated; the gang that was denied meanwhile reads it', async () => {
    const began = performance.now()
    const { artifact, mount } = spec(fromHub('example/model'))
    await cluster.need(
      modelCache('llama', {
        artifact,
        mount,
        storage: { pvc: { storageClassName: SHARED_CLASS } },
        // As slow as one connection is, so that there is progress to see.
        hydration: { connections: 1 },
      }),
    )
    const template = { metadata: annotations('llama'), spec: reader(READ) }
    await cluster.need(
      {
        apiVersion: 'leaderworkerset.x-k8s.io/v1',
        kind: 'LeaderWorkerSet',
        metadata: { name: 'gang' },
        spec: {
          replicas: 1,
          leaderWorkerTemplate: { size: 2, leaderTemplate: template, workerTemplate: template },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'waits', ...annotations('llama', GATE) },
        spec: reader(READ),
      },
    )
    const progress = new Set<string>()
    await eventually('Ready', async () => {
      const status = await statusOf('llama')
      if (status?.progress !== undefined) progress.add(status.progress)
      return status?.phase === 'Ready' || undefined
    })
    console.log(
      `from apply to Ready: ${SHARDS * SHARD_MIB} MiB in ${((performance.now() - began) / 1000).toFixed(1)} s`,
    )
    const log = await kubectl([
      ...['logs', '-n', SYSTEM, '-l', 'app.kubernetes.io/component=controller', '--tail=-1'],
    ])
    const writes = log.stdout
      .split('\n')
      .filter(line => line.includes(`"${cluster.namespace}","name":"llama"`))
    console.log(`writes of the controller for it: ${writes.length}`)
    // A phase may be shorter than the time between two looks, and an Event is recorded after the status.
    for (const phase of ['Resolving', 'Provisioning', 'Hydrating', 'Ready'])
      await eventually(`an Event ${phase}`, async () => {
        const { stdout } = await cluster.kubectl(['describe', 'modelcache/llama'])
        return new RegExp(`Normal +${phase} `).test(stdout) || undefined
      })
    expect(progress.size, [...progress].join()).toBeGreaterThan(2)
    expect(await statusOf('llama')).toMatchObject({
      resolvedRevision: expect.stringMatching(/^[0-9a-f]{40}$/),
      filesStaged: SHARDS + 5,
      bytesStaged: expect.any(Number),
      size: expect.any(String),
    })

    const sums = Object.entries(sources.sums).map(([name, sum]) => `${sum}  ${name}`)
    for (const name of ['waits', 'gang-0', 'gang-0-1']) {
      const text = await eventually(`the log of ${name}`, async () => {
        const { stdout } = await cluster.kubectl(['logs', name])
        return stdout.includes('Read-only') && sumsIn(stdout).length === SHARDS ? stdout : undefined
      })
      expect(sumsIn(text)).toEqual(sums.toSorted())
      expect(text).toMatch(/touch: .*Read-only file system/)
    }
    const inUse = await cluster.kubectl(['delete', 'modelcache/llama'])
    expect(inUse.stderr).toContain('CacheInUse')
  })

  test('goes, with all that was made for it', async () => {
    await cluster.kubectl(['delete', 'lws/gang', 'pod/waits', '--grace-period=1'])
    await eventually('the end of the pods', async () => {
      const { stdout } = await cluster.kubectl(['get', 'pods', '-o', 'name'])
      return stdout === '' || undefined
    })
    const { code, stderr } = await cluster.kubectl(['delete', 'modelcache/llama', '--timeout=180s'])
    expect(code, stderr).toBe(0)
    await eventually('the end of the claim', async () => {
      const { stdout } = await cluster.kubectl([
        'get',
        'modelcaches,jobs,pods,persistentvolumeclaims',
        '-o',
        'name',
      ])
      return stdout === '' || undefined
    })
  })

  test('what the source does not give is a reason in status, with advice', async () => {
    const { web } = sources
    const secretRef = (name: string) => ({ secretRef: { name, key: 'token' } })
    await cluster.need({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'wrong' },
      stringData: { token: 'wrong' },
    })
    const expected: Record<string, [source: object, phase: string, reason: string, advice: RegExp]> = {
      'no-secret': [
        fromHub('example/private', secretRef('nobody')),
        'Failed',
        'SecretNotFound',
        /create it in the namespace/,
      ],
      'wrong-token': [
        fromHub('example/private', secretRef('wrong')),
        'Failed',
        'Unauthorized',
        /put a token that may read it/,
      ],
      'no-repo': [fromHub('example/nothing'), 'Failed', 'SourceNotFound', /nothing/],
      'no-file': [{ http: { url: `${web}/nothing` } }, 'Failed', 'SourceNotFound', /answers 404/],
      'a-page': [{ http: { url: `${web}/page` } }, 'Failed', 'SourceNotFound', /correct the URL/],
      checksum: [
        { http: { url: `${web}/model.gguf`, sha256: 'ab'.repeat(32) } },
        'Failed',
        'ChecksumMismatch',
        /abab/,
      ],
      'evil-tar': [{ http: { url: `${web}/evil.tar` } }, 'Failed', 'FileNameInvalid', /\.\.\/outside/],
    }
    for (const [name, [source]] of Object.entries(expected))
      await cluster.need(modelCache(name, spec(source)))
    for (const [name, [, phase, reason, advice]] of Object.entries(expected)) {
      const ready = await eventually(`${name} to be ${phase}`, async () =>
        (await statusOf(name))?.phase === phase ? readyOf(name) : undefined,
      )
      expect(ready, name).toMatchObject({ reason, message: expect.stringMatching(advice) })
      // It is recorded after the status.
      await eventually(`an Event ${reason}`, async () => {
        const { stdout } = await cluster.kubectl(['describe', `modelcache/${name}`])
        return new RegExp(`Warning +${reason}`).test(stdout) || undefined
      })
    }
  })

  test('a Secret that appears or changes is enough', async () => {
    const secret = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      stringData: { token: 'right' },
    })
    await cluster.need(secret('nobody'), secret('wrong'))
    for (const name of ['no-secret', 'wrong-token'])
      await eventually(`${name} to be Ready`, async () =>
        (await statusOf(name))?.phase === 'Ready' ? true : undefined,
      )
  })

  test('a source that is down is what status says, while the pod tries it again', async () => {
    const down = { http: { url: 'http://127.0.0.1:9/model.bin' } }
    await cluster.need(modelCache('down', spec(down)))
    const ready = await eventually('a word about the source', async () => {
      const found = await readyOf('down')
      return found?.reason === 'SourceUnavailable' ? found : undefined
    })
    expect(ready?.message).toContain('127.0.0.1:9')
    await cluster.kubectl(['delete', 'modelcache/down', '--wait=false'])
  })

  describe('on a volume of its own', () => {
    const onNode = async (command: string) => {
      const [enter = '', ...args] = [...sandbox().enter, 'sh', '-c', command]
      outputOf(await runCommand(enter, args), command)
    }
    async function volume(name: string, command: string): Promise<string> {
      const path = nodeFolder(`volumes-of-tests/${name}`)
      await mkdir(path, { recursive: true })
      await onNode(command.replaceAll('DIR', path))
      const storageClassName = `${cluster.namespace}-${name}`
      const metadata = {
        name: storageClassName,
        annotations: { 'modelplane.ai/access-modes': 'ReadWriteMany' },
      }
      await cluster.need(
        {
          apiVersion: 'storage.k8s.io/v1',
          kind: 'StorageClass',
          metadata,
          provisioner: 'kubernetes.io/no-provisioner',
          volumeBindingMode: 'WaitForFirstConsumer',
        },
        {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { name: storageClassName },
          spec: {
            storageClassName,
            capacity: { storage: '1Gi' },
            accessModes: ['ReadWriteMany'],
            hostPath: { path, type: 'Directory' },
          },
        },
      )
      return storageClassName
    }

    test('that rots, it is found damaged, given to no pod, and repaired', async () => {
      const storageClassName = await volume('rotten', 'mount -t tmpfs -o size=8m,mode=777 rotten DIR')
      const source = { inline: { files: { 'chat.jinja': 'hello', 'config.json': '{}' } } }
      const annotate = async (annotation: string) => {
        const { code, stderr } = await cluster.kubectl([
          ...['annotate', 'modelcache/rotten', '--overwrite'],
          annotation,
        ])
        expect(code, stderr).toBe(0)
      }
      const verification = async (intact: boolean) =>
        eventually(`a verification that finds it ${intact ? 'intact' : 'damaged'}`, async () => {
          const status = await statusOf('rotten')
          const found = status?.verification as { intact?: boolean } | undefined
          return found?.intact === intact ? status : undefined
        })
      await cluster.need(modelCache('rotten', spec(source, { storageClassName })))
      await eventually('Ready', async () => (await statusOf('rotten'))?.phase === 'Ready' || undefined)
      await annotate('modelplane.ai/verify=1')
      expect(await verification(true)).toMatchObject({ phase: 'Ready' })

      // One byte, and the length stays.
      const folder = `${nodeFolder('volumes-of-tests/rotten')}/snapshots/*`
      await onNode(`for f in ${folder}/chat.jinja; do printf J | dd of=$f conv=notrunc; done`)
      await annotate('modelplane.ai/verify=2')
      await verification(false)
      const denied = await eventually('Failed', async () =>
        (await statusOf('rotten'))?.phase === 'Failed' ? readyOf('rotten') : undefined,
      )
      expect(denied).toMatchObject({
        reason: 'SnapshotDamaged',
        message: expect.stringMatching(
          /"chat\.jinja" \(other content\); then: kubectl .* modelplane\.ai\/refetch/,
        ),
      })
      const reading = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'rotten', ...annotations('rotten') },
        // The container runtime shows whole lines only.
        spec: reader('cat /mnt/model/chat.jinja; echo; sleep 3600'),
      }
      expect((await cluster.apply(reading)).stderr).toContain('SnapshotDamaged')

      await annotate('modelplane.ai/refetch=1')
      await eventually('Ready', async () => (await statusOf('rotten'))?.phase === 'Ready' || undefined)
      await annotate('modelplane.ai/verify=3')
      expect(await verification(true)).toMatchObject({ phase: 'Ready' })
      await cluster.need(reading)
      await eventually(
        'the log',
        async () => (await cluster.kubectl(['logs', 'rotten'])).stdout.includes('hello') || undefined,
      )
    })

    test('that is full, it says NoSpace', async () => {
      const storageClassName = await volume('small', 'mount -t tmpfs -o size=8m,mode=777 small DIR')
      await cluster.need(
        modelCache('large', spec({ http: { url: `${sources.web}/large.bin` } }, { storageClassName })),
      )
      const ready = await eventually('Failed', async () =>
        (await statusOf('large'))?.phase === 'Failed' ? readyOf('large') : undefined,
      )
      expect(ready).toMatchObject({ reason: 'NoSpace', message: expect.stringContaining('sizeGiB') })
    })

    test('that belongs to root, it says VolumeNotWritable, and how a user is named who may write', async () => {
      const storageClassName = await volume('of-root', 'chmod 0755 DIR')
      const source = { inline: { files: { 'a.txt': 'hello' } } }
      await cluster.need(modelCache('of-root', spec(source, { storageClassName })))
      const ready = await eventually('Failed', async () =>
        (await statusOf('of-root'))?.phase === 'Failed' ? readyOf('of-root') : undefined,
      )
      expect(ready).toMatchObject({
        reason: 'VolumeNotWritable',
        message: expect.stringContaining('spec.hydration.securityContext'),
      })
      const patch = JSON.stringify({ spec: { hydration: { securityContext: { runAsUser: 0 } } } })
      await cluster.kubectl(['patch', 'modelcache/of-root', '--type=merge', '-p', patch])
      await eventually('Ready', async () => (await statusOf('of-root'))?.phase === 'Ready' || undefined)
    })
  })
})
