import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { modelCache, pod } from '../e2e/support/objects.ts'
import { type Sources, startSources } from '../sources/beside-node.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { kubectl, NO_NODE, newNamespace, SYSTEM, sandbox } from './support/cluster.ts'
import { addsSidecar, endsJobsAtOnce, likeOpenShift, requiresLabel } from './support/house-policies.ts'

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

const spec = (source: object, { pvc = {}, hydration }: { pvc?: object; hydration?: object } = {}) => ({
  artifact: { kind: 'Bytes', source },
  mount: { path: '/mnt/model' },
  storage: { backend: 'PVC', pvc: { storageClassName: SHARED_CLASS, sizeGiB: 1, ...pvc } },
  ...(hydration && { hydration }),
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

/** Policies are of the whole cluster, so they outlive the namespace. */
async function withdrawn({ namespace }: Cluster): Promise<void> {
  for (const kind of ['mutating', 'validating'])
    await kubectl(['delete', `${kind}admissionpolicy,${kind}admissionpolicybinding`, namespace])
}

const untilChanged = (cluster: Cluster, object: object, words: string) =>
  eventually('the policy', async () => {
    const { stdout } = await cluster.apply(object, '--dry-run=server', '-o', 'json')
    return stdout.includes(words) || undefined
  })

/** API servers notice a new policy a moment later. */
const untilDenied = (cluster: Cluster, spec: object) =>
  eventually('the policy', async () => {
    const probe = pod({ name: 'probe' }, { containers: [{ name: 'main', image: 'any' }], ...spec })
    const { code } = await cluster.apply(probe, '--dry-run=server')
    return code !== 0 || undefined
  })

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
    await untilChanged(cluster, pod({ name: 'probe' }), '"proxy"')
    return () => withdrawn(cluster)
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
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'any' }] } }
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'probe' }, spec: { template } }
    await untilChanged(cluster, job, '"ttlSecondsAfterFinished": 0')
    return () => withdrawn(cluster)
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

describe.skipIf(NO_NODE)('where a policy demands a label of everything', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await newNamespace()
    await cluster.need(...requiresLabel(cluster.namespace, 'team'))
    await untilDenied(cluster, {})
    return () => withdrawn(cluster)
  })

  test('a cache without it says so, and one with it is staged', async () => {
    await cluster.need(modelCache('without', spec(SOUND)))
    const { conditions } = await inPhase(cluster, 'without', 'Pending')
    expect(conditions?.[0]).toMatchObject({
      reason: 'RequestRejected',
      message: expect.stringContaining('label team is required'),
    })
    const labels = { team: 'search' }
    await cluster.need(modelCache('with', spec(SOUND, { pvc: { labels }, hydration: { labels } })))
    await inPhase(cluster, 'with', 'Ready')
    expect(await cluster.get('pvc/modelcache--with')).toMatchObject({ metadata: { labels } })
  })
})

describe.skipIf(NO_NODE)('where the cluster chooses users and groups, as OpenShift does', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await newNamespace()
    await cluster.need(...likeOpenShift(cluster.namespace))
    await untilDenied(cluster, { securityContext: { runAsUser: 65_532 } })
    return () => withdrawn(cluster)
  })

  test('a cache that leaves them open is staged', async () => {
    const securityContext = {}
    await cluster.need(modelCache('open', spec(SOUND, { hydration: { securityContext } })))
    await inPhase(cluster, 'open', 'Ready')
  })

  test.each(['webhook', 'controller'])('the pods of the %s are admitted', async role => {
    const path = `deployment/modelcache-${role}`
    const { stdout } = await kubectl(['get', path, '-n', SYSTEM, '-o', 'json'])
    const { template } = z
      .looseObject({ template: z.looseObject({ spec: z.looseObject({}) }) })
      .parse(z.looseObject({ spec: z.unknown() }).parse(JSON.parse(stdout)).spec)
    const { serviceAccountName, serviceAccount, priorityClassName, ...pod } = template.spec
    const { code, stderr } = await cluster.apply(
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: role }, spec: pod },
      '--dry-run=server',
    )
    expect(code, stderr).toBe(0)
  })
})
