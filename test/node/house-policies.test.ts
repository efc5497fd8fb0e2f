import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { modelCache } from '../e2e/support/objects.ts'
import { type Sources, startSources } from '../sources/beside-node.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { kubectl, NO_NODE, newNamespace, sandbox } from './support/cluster.ts'
import { addsSidecar, endsJobsAtOnce } from './support/house-policies.ts'

// What policies and injectors of a cluster do to hydration Jobs, with a real kubelet.

const status = z.looseObject({
  phase: z.string().optional(),
  resolvedDigest: z.string().optional(),
  hydration: z
    .looseObject({
      attempt: z.int().optional(),
      failure: z.looseObject({ reason: z.string() }).optional(),
    })
    .optional(),
  conditions: z
    .array(z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }))
    .optional(),
})

const spec = (source: object) => ({
  artifact: { kind: 'Bytes', source },
  mount: { path: '/mnt/model' },
  storage: { backend: 'PVC', pvc: { storageClassName: SHARED_CLASS, sizeGiB: 1 } },
})
let sources: Sources
beforeAll(async () => {
  if (!NO_NODE) sources = await startSources(sandbox())
})
afterAll(() => sources?.[Symbol.asyncDispose]())

/** An archive that leads out of its folder, which nothing can mend. */
const unsound = () => ({ http: { url: `${sources.web}/evil.tar` } })
const SOUND = { inline: { files: { 'a.txt': 'b' } } }

async function inPhase(cluster: Cluster, name: string, phase: string) {
  return eventually(`${name} to be ${phase}`, async () => {
    const { status: found } = z
      .looseObject({ status: status.optional() })
      .parse(await cluster.get(`modelcache/${name}`))
    return found?.phase === phase ? found : undefined
  })
}

const gone = (cluster: Cluster, what: string) =>
  eventually(`the end of ${what}`, async () => {
    const { code } = await cluster.kubectl(['get', what])
    return code === 0 ? undefined : true
  })

describe.skipIf(NO_NODE)('where a webhook adds a container that never ends', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await newNamespace()
    await cluster.need(...addsSidecar(cluster.namespace))
    return async () => {
      await kubectl(['delete', 'mutatingadmissionpolicy,mutatingadmissionpolicybinding', cluster.namespace])
    }
  })

  test('a cache is Ready once the hydrator has succeeded, and its Job goes', async () => {
    await cluster.need(modelCache('sound', spec(SOUND)))
    const found = await inPhase(cluster, 'sound', 'Ready')
    expect(found).toMatchObject({ resolvedDigest: expect.stringContaining('sha256:') })
    await gone(cluster, 'job/modelcache--sound')
  })

  test('a cache has Failed once the hydrator has, with its reason', async () => {
    await cluster.need(modelCache('failing', spec(unsound())))
    const found = await inPhase(cluster, 'failing', 'Failed')
    expect(found.conditions).toContainEqual(
      expect.objectContaining({ type: 'Failed', status: 'True', reason: 'FileNameInvalid' }),
    )
  })
})

describe.skipIf(NO_NODE)('where a policy gives Jobs no time to live after their end', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await newNamespace()
    await cluster.need(...endsJobsAtOnce(cluster.namespace))
    return async () => {
      await kubectl(['delete', 'mutatingadmissionpolicy,mutatingadmissionpolicybinding', cluster.namespace])
    }
  })

  test('one run is enough', async () => {
    await cluster.need(modelCache('sound', spec(SOUND)))
    expect((await inPhase(cluster, 'sound', 'Ready')).hydration?.attempt).toBeUndefined()
  })

  test('a failure is told, and not forgotten with its Job', async () => {
    await cluster.need(modelCache('failing', spec(unsound())))
    await inPhase(cluster, 'failing', 'Failed')
    await gone(cluster, 'job/modelcache--failing')
    await cluster.kubectl(['annotate', 'modelcache/failing', 'touched=now'])
    const found = await inPhase(cluster, 'failing', 'Failed')
    expect(found.hydration?.failure?.reason).toBe('FileNameInvalid')
  })
})
