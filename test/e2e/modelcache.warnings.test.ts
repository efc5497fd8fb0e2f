import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import {
  claim,
  classes,
  huggingFace,
  modelCache,
  pausedCache,
  RWX_CLASS,
  soundSpec,
  storageClass,
} from './support/objects.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

/** Each test has its own repository, so that no two caches share a source by accident. */
const of = (repo: string, more: object = {}) => ({
  artifact: { source: { huggingFace: { ...huggingFace, repo: `e2e/${repo}`, ...more } } },
})

/** What `kubectl apply` prints besides that it applied the object, which it must. */
async function warningsOf(object: object, ...flags: string[]): Promise<string> {
  const { code, stderr } = await cluster.apply(object, ...flags)
  expect(code, stderr).toBe(0)
  return stderr
}

/** The warnings for a new cache. Admission runs, and nothing is stored. */
const asked = (changes: object) => warningsOf(modelCache('asked', soundSpec(changes)), '--dry-run=server')

/** Tries until the watch has brought what makes the answer match. */
const untilSaid = (changes: object, words: RegExp) =>
  eventually(`a warning like ${words}`, async () => {
    const said = await asked(changes)
    return words.test(said) ? said : undefined
  })

test('a source that another cache has is warned of until that one is gone', async () => {
  const changes = of('twice')
  await cluster.need(pausedCache('once', soundSpec(changes)))
  expect(await untilSaid(changes, /./)).toBe(
    `Warning: SourceAlreadyCached: ModelCache ${cluster.namespace}/once already stages the same source, mounted at /mnt/model; pods can use it with annotation modelplane.ai/caches: once\n`,
  )
  await cluster.kubectl(['delete', 'modelcache/once'])
  // However late the watch is, the other cache is read live before it is named.
  expect(await asked(changes)).toBe('')
})

test('a revision that moves is warned of when the cache is created, and a pinned one is not', async () => {
  const moving = pausedCache('moving', soundSpec(of('moving', { revision: undefined })))
  expect(await warningsOf(moving)).toMatch(/^Warning: MutableRevision: revision main can move, .*\n$/)
  const labelled = await cluster.kubectl(['label', 'modelcache/moving', 'team=ml'])
  expect(labelled).toMatchObject({ code: 0, stderr: '' })
})

describe('a quota', () => {
  const resourceQuota = (hard: object) => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'storage' },
    spec: { hard },
  })
  const sized = (sizeGiB: number, storageClassName = RWX_CLASS) => ({
    ...of('large'),
    storage: { backend: 'PVC', pvc: { storageClassName, sizeGiB } },
  })

  test('that has no room is warned of, counts what is used, and no more once it is raised', async () => {
    await cluster.need(resourceQuota({ 'requests.storage': '20Gi' }))
    await untilSaid(sized(21), /has 0 of 20Gi in use, and the claim needs 21Gi more/)
    expect(await asked(sized(20))).toBe('')
    // One gibibyte, which the real quota controller counts.
    await eventually('a claim', async () =>
      (await cluster.apply(claim('other', ['ReadWriteMany']))).code === 0 ? true : undefined,
    )
    expect(await untilSaid(sized(20), /./)).toBe(
      'Warning: StorageQuotaExceeded: ResourceQuota storage would deny the claim: requests.storage has 1Gi of 20Gi in use, and the claim needs 20Gi more; free some storage, or raise the quota\n',
    )
    expect(await asked(sized(19))).toBe('')
    await cluster.need(resourceQuota({ 'requests.storage': '1Ti' }))
    await untilSaid(sized(20), /^$/)
  })

  test('of the class is warned of when a cache grows by more than is left', async () => {
    const name = 'e2e-quota'
    const perClass = `${name}.storageclass.storage.k8s.io/requests.storage`
    const growing = (sizeGiB: number) =>
      pausedCache('growing', soundSpec({ ...sized(sizeGiB, name), ...of('growing') }))
    await cluster.need({ ...storageClass(name, 'efs.csi.aws.com'), allowVolumeExpansion: true }, growing(100))
    await cluster.need(resourceQuota({ [perClass]: '5Gi' }))
    const grown = (sizeGiB: number) => warningsOf(growing(sizeGiB), '--dry-run=server')
    const said = await eventually('a warning', async () => (await grown(106)) || undefined)
    expect(said).toContain(
      `StorageQuotaExceeded: ResourceQuota storage would deny the claim: ${perClass} has 0 of 5Gi`,
    )
    expect(await grown(105)).toBe('')
    await cluster.kubectl(['delete', 'resourcequota', 'storage'])
    await eventually('silence', async () => ((await grown(106)) === '' ? true : undefined))
    await cluster.kubectl(['delete', 'storageclass', name])
  })
})

test('a selector is warned of until it selects an InferenceCluster', async () => {
  const changes = { ...of('selective'), clusterSelector: { matchLabels: { 'modelplane.ai/tier': 'prod' } } }
  expect(await asked(changes)).toMatch(
    /^Warning: NoInferenceCluster: only this cluster stages the cache, .*\n$/,
  )
  const name = 'e2e-registered'
  const registered = (labels: Record<string, string>) => ({
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'InferenceCluster',
    metadata: { name, labels },
    spec: {},
  })
  await cluster.need(registered({ 'modelplane.ai/tier': 'dev' }))
  const elsewhere = await asked(changes)
  await cluster.need(registered({ 'modelplane.ai/tier': 'prod' }))
  const here = await asked(changes)
  await cluster.kubectl(['delete', 'inferencecluster', name])
  expect(elsewhere).toMatch(/^Warning: NoClusterSelected: no cluster stages the cache, .*\n$/)
  expect(here).toBe('')
})

test('warnings stand beside each other, and none stands beside a denial', async () => {
  const changes = of('many', { revision: 'main' })
  expect(await asked({ ...changes, clusterSelector: {} })).toMatch(
    /^Warning: MutableRevision: .*\nWarning: NoInferenceCluster: .*\n$/,
  )
  const refused = modelCache('refused', soundSpec({ ...changes, mount: { path: '/etc' } }))
  const { code, stderr } = await cluster.apply(refused, '--dry-run=server')
  expect(code).toBe(1)
  expect(stderr).not.toContain('Warning:')
})
