import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import type { Product } from '../testbed/product.ts'
import { type Cluster, eventually } from './support/cluster.ts'
import { annotations, DIGEST, pod } from './support/objects.ts'
import { WEIGHTS_CLAIM as CLAIM, type OwnPlane, startOwnPlane } from './support/own-plane.ts'

// The webhooks without the policies, then the policies without the webhooks. This needs its own control
// plane, because the test removes both.
const POLICIES = new URL('../../manifests/policies.yaml', import.meta.url)
const TENANT = ['--as=tenant', '--as-group=system:authenticated']
let own: OwnPlane
let product: Product
let cluster: Cluster

beforeAll(async () => {
  own = await startOwnPlane()
  product = own.product
  cluster = own.cluster
  const edit = ['create', 'rolebinding', 'tenant', '--clusterrole=edit', '--user=tenant']
  expect((await cluster.kubectl(edit)).code).toBe(0)
})
afterAll(() => own?.[Symbol.asyncDispose]())

const image = 'registry.example.com/anything'

/** The spec of a pod that mounts a claim, writable by default. */
function mounting(
  claimName: string,
  { volume = {}, mount = {}, list = 'containers' }: { volume?: object; mount?: object; list?: string } = {},
) {
  const mounts = [{ name: 'data', mountPath: '/mnt/model', ...mount }]
  return {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName, ...volume } }],
    [list]: [{ name: 'main', image, volumeMounts: mounts }],
    ...(list === 'containers' ? {} : { [list]: [{ name: 'first', image, volumeMounts: mounts }] }),
  }
}

function job(name: string, spec: object) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { suspend: true, template: { spec } },
  }
}

const readOnly = { volume: { readOnly: true }, mount: { readOnly: true } }
const injected = { 'modelplane.ai/injected': `weights=${DIGEST}` }
const given = mounting(CLAIM, {
  volume: { readOnly: true },
  mount: { readOnly: true, subPath: snapshotPath(DIGEST) },
})

const REFUSED: [string, string, object][] = [
  ['a pod with a writable volume', 'ClaimWritable', pod({}, mounting(CLAIM))],
  [
    'a pod with a read-only volume and a writable mount',
    'ClaimWritable',
    pod({}, mounting(CLAIM, { volume: { readOnly: true } })),
  ],
  [
    'a pod with a writable volume and a read-only mount',
    'ClaimWritable',
    pod({}, mounting(CLAIM, { mount: { readOnly: true } })),
  ],
  [
    'a pod with a writable mount in an init container',
    'ClaimWritable',
    pod({}, mounting(CLAIM, { volume: { readOnly: true }, list: 'initContainers' })),
  ],
  ['a Job that would write', 'ClaimWritable', job('writer', mounting(CLAIM))],
  [
    'a pod that mounts a folder that is no snapshot',
    'SnapshotUnknown',
    pod({}, mounting(CLAIM, { ...readOnly, mount: { readOnly: true, subPath: '.modelcache/journal' } })),
  ],
  [
    'a pod that takes a folder from a variable',
    'SnapshotUnknown',
    pod({}, mounting(CLAIM, { ...readOnly, mount: { readOnly: true, subPathExpr: 'snapshots/$(X)' } })),
  ],
  ['a pod that asks for a cache and was given nothing', 'InjectionMissing', pod(annotations('weights'))],
  ['a pod with a forged record and no mount', 'InjectionMissing', pod(annotations('weights', injected))],
  ['a pod with the mount and no record', 'InjectionMissing', pod(annotations('weights'), given)],
]

const ADMITTED: [string, object][] = [
  ['a pod that has nothing to do with caches', pod({})],
  ['a pod that writes to a claim of its own', pod({}, mounting('scratch'))],
  ['a pod that mounts the claim read-only', pod({}, mounting(CLAIM, readOnly))],
  ['a Job that mounts the claim read-only', job('reader', mounting(CLAIM, readOnly))],
  ['a pod that mounts a snapshot', pod({}, given)],
  ['a Job that mounts a snapshot', job('reader', given)],
  ['a Job that writes to a claim of its own', job('writer', mounting('scratch'))],
  [
    'a pod that has all that injection gives',
    pod({ ...annotations('weights', injected), labels: { 'modelplane.ai/cache-consumer': 'true' } }, given),
  ],
]

const policies = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string() }),
      status: z
        .looseObject({
          typeChecking: z.looseObject({ expressionWarnings: z.array(z.unknown()).optional() }).optional(),
        })
        .optional(),
    }),
  ),
})

/** A dry run, as a user who may create pods and Jobs. An administrator may manage storage. */
const ask = (object: object) => cluster.apply(object, '--dry-run=server', ...TENANT)

/**
 * Waits until `denier` is the one that denies a pod that would write. The API server notices changes late.
 */
async function untilDeniedBy(denier: string): Promise<void> {
  await eventually(`a denial by ${denier}`, async () => {
    const { stderr } = await ask(pod({}, mounting(CLAIM)))
    return stderr.includes(denier) || undefined
  })
  await eventually(`a denial of what has no mounts by ${denier}`, async () => {
    const { stderr } = await ask(pod(annotations('weights')))
    return (stderr.includes(denier) && stderr.includes('InjectionMissing')) || undefined
  })
}

async function remove(...what: string[]): Promise<void> {
  const { code, stderr } = await cluster.kubectl(['delete', ...what])
  expect(code, stderr).toBe(0)
}

describe('without the policies and the mutating webhook, the validating webhooks', () => {
  beforeAll(async () => {
    await remove('-f', POLICIES.pathname)
    await remove('mutatingwebhookconfiguration/modelcache-mutating')
    await untilDeniedBy('modelplane.ai" denied the request')
  })

  test.each(REFUSED)('deny %s: %s', async (_what, reason, object) => {
    const { code, stderr } = await ask(object)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      new RegExp(
        `admission webhook "(validate\\.pods|jobs)\\.modelplane\\.ai" denied the request: ${reason}: `,
      ),
    )
  })

  test.each(ADMITTED)('admit %s', async (_what, object) => {
    const { code, stderr } = await ask(object)
    expect(code, stderr).toBe(0)
  })
})

describe('without any webhook, the policies', () => {
  beforeAll(async () => {
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], await readFile(POLICIES, 'utf8'))
    expect(code, stderr).toBe(0)
    await remove('validatingwebhookconfiguration/modelcache-validating')
    await product.stop()
    await untilDeniedBy('ValidatingAdmissionPolicy')
  })

  test.each(REFUSED)('deny %s: %s', async (_what, reason, object) => {
    const { code, stderr } = await ask(object)
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`ValidatingAdmissionPolicy 'modelcache-[a-z-]+' .*: ${reason}: `))
  })

  test.each(ADMITTED)('admit %s', async (_what, object) => {
    const { code, stderr } = await ask(object)
    expect(code, stderr).toBe(0)
  })

  test('have expressions that fit the types they speak of, says the API server', async () => {
    const checked = await eventually('the check of the types', async () => {
      const { items } = policies.parse(await cluster.get('validatingadmissionpolicies'))
      return items.every(({ status }) => status?.typeChecking) ? items : undefined
    })
    expect(checked).toHaveLength(18)
    for (const { metadata, status } of checked)
      expect(status?.typeChecking?.expressionWarnings ?? [], metadata.name).toEqual([])
  })
})
