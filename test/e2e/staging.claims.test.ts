import { beforeAll, describe, expect, test } from 'vitest'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { annotations, classes, DIGEST, modelCache, pod, RWX_CLASS, soundSpec } from './support/objects.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'

// Claims and ModelCaches that people delete, copy and restore while a cache is staged, and after that.

let cluster: Cluster
const { get, inPhase, provision, podOf, run, end } = stagingIn(() => cluster)

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

const must = async (...args: string[]) => {
  const { code, stderr, stdout } = await cluster.kubectl(args)
  expect(code, stderr).toBe(0)
  return stdout
}

const uidOf = async (what: string) => (await get(what)).metadata.uid

/** A cache that is Ready, and the UID of its claim. */
async function staged(name: string): Promise<{ claim: string; uid: string }> {
  const claim = `modelcache--${name}`
  await provision(claim)
  await cluster.need(modelCache(name, soundSpec({ ...inline, ...sized })))
  await end(await podOf(claim), 0, report)
  await inPhase(name, 'Ready')
  return { claim, uid: await uidOf(`pvc/${claim}`) }
}

const another = (claim: string, uid: string) =>
  eventually(`another claim ${claim}`, async () => {
    const found = await get(`pvc/${claim}`).catch(() => undefined)
    return found !== undefined && found.metadata.uid !== uid ? found.metadata.uid : undefined
  })

/** The volume is free for another claim, as an administrator makes it. */
const free = (claim: string) =>
  must(
    ...['patch', `pv/${cluster.namespace}-${claim}`, '--type=json', '-p'],
    '[{"op":"remove","path":"/spec/claimRef/uid"},{"op":"remove","path":"/spec/claimRef/resourceVersion"}]',
  )

describe('a claim that is deleted', () => {
  test('while its cache is staged is created again, although its pod pins it', async () => {
    const claim = 'modelcache--early'
    await provision(claim)
    await cluster.need(modelCache('early', soundSpec({ ...inline, ...sized })))
    const pod = await podOf(claim)
    await run(pod)
    await inPhase('early', 'Hydrating', 'Hydrating')
    const uid = await uidOf(`pvc/${claim}`)
    await must('delete', `pvc/${claim}`, '--wait=false')
    // The controller ends the Job, and a kubelet would end its pod.
    await eventually('the end of the pod', async () => {
      const { code, stdout } = await cluster.kubectl([
        ...['get', `pod/${pod}`, '-o', 'jsonpath={.metadata.deletionTimestamp}'],
      ])
      return code !== 0 || stdout !== '' || undefined
    })
    await cluster.kubectl(['delete', `pod/${pod}`, '--force', '--grace-period=0'])
    await another(claim, uid)
    await free(claim)
    await end(await podOf(claim, pod), 0, report)
    await inPhase('early', 'Ready')
  })

  test('after that is created again, and the cache is staged again', async () => {
    const { claim, uid } = await staged('late')
    await must('delete', `pvc/${claim}`, '--wait=false')
    const next = await another(claim, uid)
    await free(claim)
    // It looks first whether somebody has restored the claim.
    const looking = await podOf(`${claim}-`)
    await end(looking, 1, { reason: 'SnapshotDamaged', message: 'there is nothing' })
    await end(await podOf(claim, looking), 0, report)
    await inPhase('late', 'Ready')
    expect((await get('modelcache/late')).status).toMatchObject({ claimUID: next, resolvedDigest: DIGEST })
  })
})

test('a claim that is restored from a backup is hashed, and not staged again', async () => {
  const { claim, uid } = await staged('restored')
  const { spec, metadata } = await get(`pvc/${claim}`)
  const labels = metadata.labels as object
  // Nothing creates it again meanwhile.
  await must('annotate', 'modelcache/restored', 'modelplane.ai/paused=true')
  await must('delete', `pvc/${claim}`)
  await free(claim)
  await cluster.need({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: claim, labels },
    spec,
  })
  await must('annotate', 'modelcache/restored', 'modelplane.ai/paused-')
  const pod = await podOf(`${claim}-`)
  expect(await cluster.get(`pod/${pod}`)).toMatchObject({
    spec: { containers: [{ args: expect.arrayContaining(['verify', '--digest', DIGEST]) }] },
  })
  await end(pod, 0, { snapshots: 1, digest: DIGEST, files: 1, bytes: 17, seconds: 1 })
  await inPhase('restored', 'Ready')
  const found = await get('modelcache/restored')
  const next = await get(`pvc/${claim}`)
  expect(next.metadata.uid).not.toBe(uid)
  expect(found.status).toMatchObject({
    claimUID: next.metadata.uid,
    verification: { digest: DIGEST, intact: true },
  })
  expect(next.metadata).toMatchObject({ ownerReferences: [{ uid: found.metadata.uid }] })
})

test('two caches are staged into folders of one claim, which stays as it is', async () => {
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'models' } }
  const resources = { requests: { storage: '1Gi' } }
  await provision('models')
  await cluster.need({
    ...claim,
    spec: { accessModes: ['ReadWriteMany'], storageClassName: RWX_CLASS, resources },
  })
  const names = ['qwen', 'mistral']
  for (const name of names) {
    const storage = { backend: 'ExistingPVC', existingPVC: { name: 'models', subPath: name } }
    await cluster.need(modelCache(name, soundSpec({ ...inline, storage })))
  }
  for (const name of names) {
    const hydrating = await podOf(`modelcache--${name}`)
    expect(await cluster.get(`pod/${hydrating}`)).toMatchObject({
      spec: {
        containers: [
          {
            volumeMounts: expect.arrayContaining([
              expect.objectContaining({ name: 'volume', subPath: name }),
            ]),
          },
        ],
        volumes: expect.arrayContaining([{ name: 'volume', persistentVolumeClaim: { claimName: 'models' } }]),
      },
    })
    await end(hydrating, 0, report)
    await inPhase(name, 'Ready')
  }
  await cluster.need(pod({ name: 'server', ...annotations('qwen') }))
  expect(await cluster.get('pod/server')).toMatchObject({
    spec: {
      containers: [
        {
          volumeMounts: expect.arrayContaining([
            expect.objectContaining({ subPath: `qwen/${snapshotPath(DIGEST)}`, readOnly: true }),
          ]),
        },
      ],
    },
  })
  expect((await cluster.kubectl(['delete', 'modelcache/mistral', '--timeout=180s'])).code).toBe(0)
  const { stderr } = await cluster.kubectl(['delete', 'modelcache/qwen', '--timeout=10s'])
  expect(stderr).toContain('CacheInUse')
  await must('delete', 'pod/server', '--force')
  await must('delete', 'modelcache/qwen', '--timeout=180s')
  expect((await get('pvc/models')).metadata).not.toHaveProperty('ownerReferences')
})

describe('a ModelCache as it is stored while it is staged, created again from that', () => {
  let restored: Cluster
  const finalizers = ['modelplane.ai/storage']

  beforeAll(async () => {
    restored = await newNamespace()
    const name = restored.namespace
    const existing = { backend: 'ExistingPVC', existingPVC: { name: 'w' } }
    const claim = { accessModes: ['ReadWriteMany'], storageClassName: '', volumeName: name }
    await restored.need(
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteMany'],
          storageClassName: '',
          claimRef: { namespace: name, name: 'w' },
          nfs: { server: 'a', path: '/b' },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'w' },
        spec: { ...claim, resources: { requests: { storage: '1Gi' } } },
      },
      { ...modelCache('copy', soundSpec({ ...inline, ...sized })), metadata: { name: 'copy', finalizers } },
      {
        ...modelCache('existing', { ...soundSpec(), artifact: { kind: 'Weights' }, storage: existing }),
        metadata: { name: 'existing', finalizers },
      },
    )
  })

  const of = stagingIn(() => restored)

  test('turns Ready, and our finalizer goes', async () => {
    await of.inPhase('existing', 'Ready')
    await of.provision('modelcache--copy', RWX_CLASS)
    await of.end(await of.podOf('modelcache--copy'), 0, report)
    await of.inPhase('copy', 'Ready')
    for (const name of ['existing', 'copy'])
      await eventually(`the end of the finalizer of ${name}`, async () => {
        const { metadata } = await of.get(`modelcache/${name}`)
        return metadata.finalizers === undefined || undefined
      })
  })

  test('can be deleted, namespace and all', async () => {
    const args = ['delete', 'namespace', restored.namespace, '--timeout=180s']
    const { code, stderr } = await cluster.kubectl(args)
    expect(code, stderr).toBe(0)
    await must('delete', `pv/${restored.namespace}`, '--wait=false')
  })
})
