import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { modelCacheCrd } from '../../tools/crd.ts'
import type { Product } from '../testbed/product.ts'
import { type Cluster, eventually } from './support/cluster.ts'
import { annotations, modelCache, pod, RWX_CLASS, soundSpec } from './support/objects.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'
import { claimMounts, storedPod } from './support/stored-pod.ts'

// Two lines of defense, each alone. This needs its own control plane, because the test stops the webhook and
// changes the CRD.
let own: OwnPlane
let product: Product
let cluster: Cluster

beforeAll(async () => {
  own = await startOwnPlane()
  product = own.product
  cluster = own.cluster
})
afterAll(() => own?.[Symbol.asyncDispose]())

const twoSources = soundSpec({
  artifact: { source: { huggingFace: { repo: 'a/b' }, http: { url: 'https://models.example.com/x' } } },
})

const badSource = soundSpec({ artifact: { source: { huggingFace: { repo: 'a/../b' } } } })

const smaller = soundSpec({
  storage: { backend: 'PVC', pvc: { storageClassName: RWX_CLASS, sizeGiB: 199 } },
})

describe('while the webhook is down', () => {
  beforeAll(() => product.webhook.stop())

  test('a pod that asks for no cache is admitted', async () => {
    const { code, stderr } = await cluster.apply(pod({ name: 'plain' }))
    expect(code, stderr).toBe(0)
  })

  test('a pod that asks for one is rejected, never admitted without its mounts', async () => {
    const { code, stderr } = await cluster.apply(pod({ name: 'held', ...annotations('weights') }))
    expect(code).toBe(1)
    expect(stderr).toContain('failed calling webhook "pods.modelplane.ai"')
  })

  test('the CRD denies by itself what one object alone decides', async () => {
    const { code, stderr } = await cluster.apply(modelCache('refused', twoSources))
    expect(code).toBe(1)
    expect(stderr).toMatch(/ArtifactSourceAmbiguous/)
    const invalid = await cluster.apply(modelCache('refused', badSource))
    expect(invalid.stderr).toMatch(/SourceInvalid/)
    const shrunk = await cluster.apply(modelCache('weights', smaller))
    expect(shrunk.stderr).toMatch(/SizeCannotShrink/)
  })

  test('and the pod is admitted with its mounts when the webhook is back', async () => {
    await product.webhook.start()
    const { code, stderr } = await cluster.apply(pod({ name: 'held', ...annotations('weights') }))
    expect(code, stderr).toBe(0)
    expect(claimMounts(storedPod.parse(await cluster.get('pod/held')))).toHaveLength(1)
  })
})

describe('where the CRD has lost its rules, the webhook denies by itself', () => {
  const denial = 'admission webhook "modelcaches.modelplane.ai" denied the request: '

  beforeAll(async () => {
    await product.webhook.start()
    await cluster.kubectl(
      ['apply', '--server-side', '--force-conflicts', '-f', '-'],
      JSON.stringify(withoutRules(modelCacheCrd())),
    )
    await eventually('the CRD without its rules', async () => {
      const { stderr } = await cluster.apply(modelCache('refused', twoSources), '--dry-run=server')
      return stderr.includes(denial) ? true : undefined
    })
  })

  test.each<[string, string, object, RegExp]>([
    ['two sources', 'refused', twoSources, /ArtifactSourceAmbiguous: .*huggingFace and http/],
    ['no source', 'refused', soundSpec({ artifact: {} }), /ArtifactSourceRequired/],
    [
      'a backend that is not implemented',
      'refused',
      soundSpec({ storage: { backend: 'Custom' } }),
      /NotImplemented: spec.storage.backend Custom/,
    ],
    [
      'a reserved field',
      'refused',
      soundSpec({ artifact: { source: { huggingFace: { repo: 'a/b' } }, resolvedVia: { commit: 'x' } } }),
      /NotImplemented: spec.artifact.resolvedVia/,
    ],
    ['a bad mount path', 'refused', soundSpec({ mount: { path: '/mnt//x' } }), /MountPathInvalid/],
    [
      'a folder outside of its claim',
      'refused',
      soundSpec({
        artifact: {},
        storage: { backend: 'ExistingPVC', existingPVC: { name: 'x', subPath: '/y' } },
      }),
      /MountPathInvalid: spec.storage.existingPVC.subPath/,
    ],
    ['a reserved mount path', 'refused', soundSpec({ mount: { path: '/proc/x' } }), /MountPathReserved/],
    [
      'a member of another backend',
      'refused',
      soundSpec({ storage: { backend: 'PVC', existingPVC: { name: 'x' } } }),
      /StorageMemberMismatch/,
    ],
    [
      'a source that is not well-formed',
      'refused',
      badSource,
      /SourceInvalid: spec.artifact.source.huggingFace.repo is "a\/..\/b"; it must be/,
    ],
    ['a smaller claim', 'weights', smaller, /SizeCannotShrink: .*is 200 and cannot shrink to 199/],
    [
      'a changed mount path',
      'weights',
      soundSpec({ mount: { path: '/mnt/x' } }),
      /FieldImmutable: spec.mount.path cannot change from \/mnt\/model to \/mnt\/x/,
    ],
  ])('%s', async (_what, name, spec, words) => {
    const { code, stderr } = await cluster.apply(modelCache(name, spec))
    expect(code).toBe(1)
    expect(stderr).toContain(denial)
    expect(stderr).toMatch(words)
  })
})

/** The same schema without `x-kubernetes-validations`. */
function withoutRules(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRules)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'x-kubernetes-validations')
      .map(([key, member]) => [key, withoutRules(member)]),
  )
}
