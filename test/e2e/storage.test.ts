import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandResult } from '../testbed/command.ts'
import { type Cluster, eventually } from './support/cluster.ts'
import { deleteCrd } from './support/crds.ts'
import { modelCache, RWO_CLASS, RWX_CLASS, soundSpec, storageClass } from './support/objects.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'

// What else decides about the class of a ModelCache, besides the table. This needs its own control plane,
// because these objects belong to the whole cluster, and a CRD comes and goes.
let own: OwnPlane
let cluster: Cluster

beforeAll(async () => {
  own = await startOwnPlane()
  cluster = own.cluster
})
afterAll(() => own?.[Symbol.asyncDispose]())

/** The API server's answer to a ModelCache with the class of this name, or without one. Nothing is stored. */
function judge(storageClassName?: string): Promise<CommandResult> {
  const storage = { backend: 'PVC', pvc: { storageClassName } }
  return cluster.apply(modelCache('judged', soundSpec({ storage })), '--dry-run=server')
}

/**
 * Waits for a verdict that the watches must see first. What was allowed so far is allowed without a live
 * read.
 */
function untilRefused(words: string, storageClassName?: string): Promise<string> {
  return eventually(`a denial that says ${words}`, async () => {
    const { stderr } = await judge(storageClassName)
    return stderr.includes(words) ? stderr : undefined
  })
}

function untilAccepted(storageClassName?: string): Promise<true> {
  return eventually(`a ModelCache on ${storageClassName ?? 'no class'}`, async () =>
    (await judge(storageClassName)).code === 0 ? true : undefined,
  )
}

describe('where the Containerized Data Importer is installed', () => {
  const UNKNOWN = 'e2e-unknown'
  const CRD = 'storageprofiles.cdi.kubevirt.io'

  beforeAll(() => cluster.need(storageClass(UNKNOWN, 'storage.example.com/files')))
  afterAll(() => deleteCrd(cluster.kubectl, CRD))

  test('its StorageProfile lets a class of an unknown provisioner pass, at once', async () => {
    const before = await judge(UNKNOWN)
    expect(before.code).toBe(1)
    expect(before.stderr).toContain('storage.example.com/files is not known to ModelCache')

    await cluster.need(storageProfileCrd())
    const waited = await cluster.kubectl(['wait', '--for=condition=Established', `crd/${CRD}`])
    expect(waited.code, waited.stderr).toBe(0)
    const made = aStorageProfile(UNKNOWN, 'ReadWriteMany', 'Filesystem')
    await eventually('a StorageProfile', async () =>
      (await cluster.apply(made)).code === 0 ? true : undefined,
    )

    // The watch looks for an absent kind only now and then, but the denial is confirmed by a live read.
    const { code, stderr } = await cluster.apply(
      modelCache('profiled', soundSpec({ storage: { backend: 'PVC', pvc: { storageClassName: UNKNOWN } } })),
    )
    expect(code, stderr).toBe(0)
  })

  test('one that shares raw devices alone denies its class, the known and the unknown', async () => {
    // The table would let this class pass, so a live read does not help here: the watch has found the kind.
    expect((await judge(RWX_CLASS)).code).toBe(0)
    await cluster.need(aStorageProfile(RWX_CLASS, 'ReadWriteMany', 'Block'))
    const says = `StorageClassNotRWX: spec.storage.pvc.storageClassName ${RWX_CLASS}: it does not support ReadWriteMany, because StorageProfile ${RWX_CLASS} lists ReadWriteMany Block, and a raw device`
    await untilRefused(says, RWX_CLASS)

    await cluster.need(aStorageProfile(UNKNOWN, 'ReadWriteMany', 'Block'))
    await untilRefused(`StorageProfile ${UNKNOWN} lists ReadWriteMany Block`, UNKNOWN)
  })

  test('the word of the admin on the class goes before it', async () => {
    const annotate = ['annotate', 'storageclass', UNKNOWN]
    await cluster.kubectl([...annotate, 'modelplane.ai/access-modes=ReadWriteMany'])
    expect((await judge(UNKNOWN)).code).toBe(0)
    await cluster.kubectl([...annotate, 'modelplane.ai/access-modes-'])
    await untilRefused(`StorageProfile ${UNKNOWN} lists`, UNKNOWN)
  })

  test('the table decides again when it is gone', async () => {
    await deleteCrd(cluster.kubectl, CRD)
    await untilAccepted(RWX_CLASS)
    await untilRefused('storage.example.com/files is not known to ModelCache', UNKNOWN)
  })
})

describe('a ModelCache that names no class', () => {
  const unset = 'spec.storage.pvc.storageClassName is unset, and'

  test('gets the class that the InferenceCluster names', async () => {
    const { code, stderr } = await judge()
    expect(code).toBe(1)
    expect(stderr).toContain(`NoStorageClass: ${unset} the cluster has no default StorageClass`)

    await cluster.need(anInferenceCluster('prod', RWX_CLASS))
    const applied = await cluster.apply(modelCache('classless', soundSpec({ storage: { backend: 'PVC' } })))
    expect(applied.code, applied.stderr).toBe(0)
  })

  test('is denied when that one is of block volumes, or missing', async () => {
    await cluster.need(anInferenceCluster('prod', RWO_CLASS))
    await untilRefused(
      `StorageClassNotRWX: ${unset} InferenceCluster prod names ${RWO_CLASS}: it does not support`,
    )
    await cluster.need(anInferenceCluster('prod', 'e2e-gone'))
    await untilRefused(
      `StorageClassNotFound: ${unset} InferenceCluster prod names e2e-gone: there is no such StorageClass`,
    )
  })

  test('gets the default class where nothing tells which of two InferenceClusters it is in', async () => {
    await cluster.need(anInferenceCluster('stage', RWO_CLASS))
    await untilRefused(`NoStorageClass: ${unset}`)
    const marked = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    await cluster.need(storageClass('e2e-default', 'nfs.csi.k8s.io', marked))
    const { code, stderr } = await judge()
    expect(code, stderr).toBe(0)
  })
})

describe('an InferenceCluster', () => {
  test('declares what a driver supports that nobody else knows', async () => {
    const provisioner = 'declared.example.com'
    await cluster.need(storageClass('e2e-declared', provisioner))
    await untilRefused(`${provisioner} is not known to ModelCache`, 'e2e-declared')
    for (const name of ['prod', 'stage']) await cluster.kubectl(['delete', 'ic', name])
    const { spec, ...rest } = anInferenceCluster('here', RWX_CLASS)
    const declaring = (...accessModes: string[]) => ({
      ...{
        ...rest,
        spec: { storage: { ...spec.storage, csiDrivers: [{ name: provisioner, accessModes }] } },
      },
    })
    await cluster.need(declaring('ReadWriteOnce', 'ReadWriteMany'))
    // A live read confirms the denial, so it counts at once.
    const { code, stderr } = await judge('e2e-declared')
    expect(code, stderr).toBe(0)
    await cluster.need(declaring('ReadWriteOnce'))
    await untilRefused(`csiDrivers of the InferenceCluster says ReadWriteOnce of`, 'e2e-declared')
    const wrong = await cluster.apply(declaring('ReadWriteSometimes'))
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain('accessModes')
    await cluster.kubectl(['delete', 'ic', 'here'])
  })

  test('shows its class', async () => {
    await cluster.need(anInferenceCluster('shown', RWX_CLASS))
    const { stdout } = await cluster.kubectl(['get', 'ic', 'shown'])
    expect(stdout).toMatch(/^NAME +SOURCE +READY +VERSION +CLASS +CACHES +AGE\nshown /)
    expect(stdout).toContain(` ${RWX_CLASS} `)
  })

  test('is explained', async () => {
    const { code, stdout, stderr } = await cluster.kubectl(['explain', 'inferencecluster.spec.storage'])
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/storageClassName\s+<string>\s+StorageClass of ModelCaches that name none/)
  })

  test('needs no spec, and cannot name a class by what is no name', async () => {
    const bare = { ...anInferenceCluster('bare', ''), spec: undefined }
    const { code, stderr } = await cluster.apply(bare)
    expect(code, stderr).toBe(0)
    const refused = await cluster.apply(anInferenceCluster('refused', 'Not A Name'))
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('spec.storage.storageClassName')
  })
})

function anInferenceCluster(name: string, storageClassName: string) {
  return {
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'InferenceCluster',
    metadata: { name },
    spec: { storage: { storageClassName } },
  }
}

/** Like the importer's own object for a class, cut to what we read. */
function aStorageProfile(name: string, accessMode: string, volumeMode: string) {
  return {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'StorageProfile',
    metadata: { name },
    spec: {},
    status: { storageClass: name, claimPropertySets: [{ accessModes: [accessMode], volumeMode }] },
  }
}

/** Like the importer's own CRD, without a status subresource. Its schema does not matter here. */
function storageProfileCrd() {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'storageprofiles.cdi.kubevirt.io' },
    spec: {
      group: 'cdi.kubevirt.io',
      scope: 'Cluster',
      names: { kind: 'StorageProfile', plural: 'storageprofiles', singular: 'storageprofile' },
      versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: anything } }],
    },
  }
}
