import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { snapshotPath } from '../api/volume-layout.ts'
import { applied } from '../injection/fixtures.ts'
import { ASSUMED_DIGEST } from './assume-ready.ts'
import {
  CACHE,
  CLASS,
  DEPLOYMENT,
  DIGEST,
  lastOf,
  POD,
  POD_SPEC,
  READY_CACHE,
  reviewText,
  said,
  stream,
  WRITABLE,
} from './fixtures.ts'
import { EMPTY_CLUSTER, inputView } from './input-view.ts'
import { readManifests } from './read-manifests.ts'
import type { ReviewOptions } from './review.ts'

const verdicts = async (text: string, options?: Partial<ReviewOptions>) =>
  said(await reviewText(text, options))

/** A live cluster with these objects. */
const clusterOf = (text: string) =>
  inputView(readManifests('live', text, 'default').manifests, EMPTY_CLUSTER).view

const CLAIM =
  '\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: staged }\nspec: { accessModes: [ReadWriteMany] }\n'
const OVER_CLAIM = `
apiVersion: modelplane.ai/v1alpha1
kind: ModelCache
metadata: { name: llama }
spec:
  mount: { path: /mnt/model }
  storage: { backend: ExistingPVC, existingPVC: { name: staged, subPath: llama } }
`
describe('a ModelCache', () => {
  test.each([
    ['on a class of the input', stream(CLASS, CACHE), 'admitted'],
    ['before its class in the input', stream(CACHE, CLASS), 'admitted'],
    ['on a class that is not there', CACHE, 'denied StorageClassNotFound'],
    [
      'on a class of block volumes',
      stream(CLASS.replace(/filestore.*/, 'ebs.csi.aws.com'), CACHE),
      'denied StorageClassNotRWX',
    ],
    ['over a claim of the input', stream(CLAIM, OVER_CLAIM), 'admitted'],
    [
      'over a claim of another namespace',
      stream(CLAIM.replace('staged', 'staged, namespace: other'), OVER_CLAIM),
      'denied ClaimNotFound',
    ],
    [
      'with a field that does not exist',
      stream(CLASS, CACHE.replace('sizeGiB', 'sizeGib')),
      'denied SpecInvalid',
    ],
    ['whose field has another type', stream(CLASS, CACHE.replace('200', '"200"')), 'denied SpecInvalid'],
    ['without a name', stream(CLASS, CACHE.replace('{ name: llama }', '{}')), 'denied SpecInvalid'],
    [
      'of a version that does not exist',
      stream(CLASS, CACHE.replace('v1alpha1', 'v9')),
      'denied SpecInvalid',
    ],
  ])('%s is %3$s', async (_, text, expected) => {
    expect(await verdicts(text)).toEqual([`ModelCache ${expected}`])
  })

  test('that is missing its class says how to go on', async () => {
    const [result] = await reviewText(CACHE)
    expect(result?.findings).toEqual([
      {
        reason: 'StorageClassNotFound',
        severity: 'error',
        field: 'spec.storage.pvc.storageClassName',
        message: expect.stringMatching(
          /add the StorageClass to the input, or review against a cluster with --live/,
        ),
      },
    ])
  })

  test('on a class that nobody knows is as the command line says', async () => {
    const text = stream(CLASS.replace(/filestore.*/, 'storage.example.com'), CACHE)
    expect(await verdicts(text)).toEqual(['ModelCache denied StorageClassNotRWX'])
    expect(await verdicts(text, { unknownProvisioner: 'Warn' })).toEqual([
      'ModelCache warned StorageClassNotRWX',
    ])
  })

  test('that is stated twice is updated, and the message says with what it was compared', async () => {
    const changed = CACHE.replace('/mnt/model', '/mnt/other')
    const results = await reviewText(stream(CLASS, CACHE, changed))
    expect(said(results)).toEqual(['ModelCache admitted', 'ModelCache denied FieldImmutable'])
    expect(results[1]?.findings[0]?.message).toMatch(
      / \(compared with in\.yaml:\d+, the first one of that name\)$/,
    )
  })

  test('that was denied before is created: nothing of it was stored', async () => {
    const denied = CACHE.replace('/mnt/model', '/usr')
    expect(await verdicts(stream(CLASS, denied, CACHE))).toEqual([
      'ModelCache denied MountPathReserved',
      'ModelCache admitted',
    ])
  })
})

describe('a pod', () => {
  test('gets its cache, by the status in the input', async () => {
    const result = await lastOf(stream(CLASS, READY_CACHE, POD))
    expect(result).toMatchObject({ verdict: 'admitted', findings: [] })
    expect(applied(parse(POD), result.patch)).toMatchObject({
      metadata: { annotations: { 'modelplane.ai/injected': `llama=${DIGEST}` } },
      spec: {
        containers: [
          { volumeMounts: [{ mountPath: '/mnt/model', subPath: snapshotPath(DIGEST), readOnly: true }] },
        ],
        volumes: [{ persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly: true } }],
      },
    })
  })

  test.each([
    ['of a cache that is not Ready', stream(CLASS, CACHE, POD), 'CacheNotReady', /--assume-ready/],
    ['of a cache that is not there', POD, 'CacheNotFound', /add the ModelCache to the input/],
    [
      'that writes to a managed claim',
      stream(CLASS, CACHE, `\napiVersion: v1\nkind: Pod\nmetadata: { name: w }\nspec: ${WRITABLE}\n`),
      'ClaimWritable',
      /readOnly: true/,
    ],
    [
      'that is none',
      '\napiVersion: v1\nkind: Pod\nmetadata: { name: x, annotations: { modelplane.ai/caches: llama } }\nspec: { containers: nonsense }\n',
      'SpecInvalid',
      /spec\.containers/,
    ],
  ])('%s is denied with %3$s', async (_, text, reason, words) => {
    const { verdict, findings, patch } = await lastOf(text)
    expect({ verdict, patch }).toEqual({ verdict: 'denied', patch: [] })
    expect(findings.map(finding => finding.reason)).toEqual([reason])
    expect(findings[0]?.message).toMatch(words)
  })

  test('of another namespace does not see the cache', async () => {
    const elsewhere = POD.replace('name: server', 'name: server, namespace: other')
    expect((await verdicts(stream(CLASS, READY_CACHE, elsewhere))).at(-1)).toBe('Pod denied CacheNotFound')
  })

  test('that asks for nothing is admitted as it is', async () => {
    const plain = `\napiVersion: v1\nkind: Pod\nmetadata: { name: plain }\nspec: ${POD_SPEC}\n`
    expect(await lastOf(plain)).toMatchObject({ verdict: 'admitted', findings: [], patch: [] })
  })
})

describe('--assume-ready', () => {
  test('takes a cache for Ready, with a digest that nobody can take for one', async () => {
    const { verdict, patch } = await lastOf(stream(CLASS, CACHE, DEPLOYMENT), { assumeReady: true })
    expect(verdict).toBe('admitted')
    expect(JSON.stringify(patch)).toContain(snapshotPath(ASSUMED_DIGEST))
    expect(JSON.stringify(patch)).toContain('"claimName":"modelcache--llama"')
  })

  test('keeps the digest that status has, and the claim that people filled', async () => {
    const staged = await lastOf(stream(CLASS, READY_CACHE, POD), { assumeReady: true })
    expect(JSON.stringify(staged.patch)).toContain(snapshotPath(DIGEST))
    const filled = await lastOf(stream(CLAIM, OVER_CLAIM, POD), { assumeReady: true })
    expect(JSON.stringify(filled.patch)).toContain('"claimName":"staged"')
    expect(JSON.stringify(filled.patch)).toContain('llama=pvc/staged')
  })

  test('does not make a cache that is not there', async () => {
    expect(await verdicts(POD, { assumeReady: true })).toEqual(['Pod denied CacheNotFound'])
  })
})

describe('what no rule concerns', () => {
  test('is no result', async () => {
    const service = '\napiVersion: v1\nkind: Service\nmetadata: { name: s }\n'
    expect(
      await verdicts(stream(CLASS, CLAIM, service, '\napiVersion: example.com/v1\nkind: Deployment\n')),
    ).toEqual([])
  })

  test('is denied when the cluster that it should be would not take it', async () => {
    const { verdict, findings } = await lastOf(stream(CLASS, CLASS.replace('provisioner:', 'provisionner:')))
    expect(verdict).toBe('denied')
    expect(findings[0]).toMatchObject({ reason: 'SpecInvalid', field: 'provisioner' })
  })
})

describe('against a real cluster', () => {
  const base = clusterOf(stream(CLASS, READY_CACHE))

  test('what the input does not state is there', async () => {
    expect(await verdicts(POD, { base })).toEqual(['Pod admitted'])
  })

  test('a ModelCache that it has is updated, and keeps its status when the manifest states none', async () => {
    const same = CACHE.replace('llama }', 'llama, labels: { team: ml } }')
    expect(await verdicts(stream(same, POD), { base })).toEqual(['ModelCache admitted', 'Pod admitted'])
    expect(await verdicts(stream(`${same}status: {}\n`, POD), { base })).toEqual([
      'ModelCache admitted',
      'Pod admitted',
    ])
    const smaller = CACHE.replace('200', '100')
    const [result] = await reviewText(smaller, { base })
    expect(result?.findings.map(({ reason }) => reason)).toEqual(['SizeCannotShrink'])
    expect(result?.findings[0]?.message).not.toContain('compared with')
  })

  test('an object of the input hides that of the same name', async () => {
    const block = CLASS.replace(/filestore.*/, 'ebs.csi.aws.com')
    const other = CACHE.replace('name: llama', 'name: other').replace('meta-llama/', 'somebody/')
    expect(await verdicts(other, { base })).toEqual(['ModelCache admitted'])
    expect(await verdicts(stream(block, other), { base })).toEqual(['ModelCache denied StorageClassNotRWX'])
    const writer = `\napiVersion: v1\nkind: Pod\nmetadata: { name: w }\nspec: ${WRITABLE}\n`
    expect(await verdicts(writer, { base })).toEqual(['Pod denied ClaimWritable'])
  })
})
