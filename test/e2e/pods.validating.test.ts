import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { hydrationJobOf } from './support/hydration-jobs.ts'
import { annotations, classes, modelCache, pod, readyStatus, soundSpec } from './support/objects.ts'

// Who may write to a managed claim, tried by real users under real RBAC: a tenant with role edit, and the
// controller's own ServiceAccount. Both the webhooks and the policies are installed.
const CLAIM = 'modelcache--weights'
const image = 'registry.example.com/anything'
const TENANT = ['--as=tenant', '--as-group=tenants']
const CONTROLLER = ['--as=system:serviceaccount:modelcache-system:modelcache-controller']
/** The Job that status will name. The controller's own Job has another name. */
const JOB = 'modelcache--hydrate'
const CRONJOB_CONTROLLER = ['--as=system:serviceaccount:kube-system:cronjob-controller']

let cluster: Cluster
/** UID of the Job that status names. */
let hydrationUID: string

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(
    ...classes,
    modelCache('weights', soundSpec()),
    role('debugger', [{ apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['update'] }]),
    role('hydrator', [{ apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] }]),
    binding('tenants-edit', 'ClusterRole', 'edit', { kind: 'Group', name: 'tenants' }),
    binding('tenants-debug', 'Role', 'debugger', { kind: 'Group', name: 'tenants' }),
    binding('hydrator', 'Role', 'hydrator', {
      kind: 'ServiceAccount',
      name: 'modelcache-controller',
      namespace: 'modelcache-system',
    }),
  )
  await cluster.setStatus('modelcache/weights', readyStatus(CLAIM))
  await eventually('the default service account', async () =>
    (await cluster.kubectl(['get', 'serviceaccount/default'])).code === 0 ? true : undefined,
  )
  hydrationUID = await create(CONTROLLER, await hydrationJobOf(cluster, 'weights', JOB))
})

function role(name: string, rules: object[]) {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name }, rules }
}

function binding(name: string, kind: string, of: string, subject: object) {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: of },
    subjects: [subject],
  }
}

/** The spec of a pod that mounts the claim writable. */
function writing() {
  return {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: CLAIM } }],
  }
}

function job(name: string, spec: object, metadata: object = {}) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, ...metadata },
    spec: { template: { metadata: { labels: { 'modelplane.ai/modelcache': 'weights' } }, spec } },
  }
}

const createdObject = z.looseObject({ metadata: z.looseObject({ uid: z.string() }) })

/** Creates an object as another user, and returns its UID. */
async function create(who: string[], object: object): Promise<string> {
  const { code, stdout, stderr } = await tryToCreate(who, object)
  expect(code, stderr).toBe(0)
  return createdObject.parse(JSON.parse(stdout)).metadata.uid
}

const tryToCreate = (who: string[], object: object) =>
  cluster.kubectl([...who, 'create', '-f', '-', '-o', 'json'], JSON.stringify(object))

async function refusal(who: string[], object: object): Promise<string> {
  const { code, stderr } = await tryToCreate(who, object)
  expect(code, stderr).toBe(1)
  return stderr
}

/** Names of the pods that the Job controller has created for a Job. */
async function podsOf(jobName: string): Promise<string[]> {
  const { stdout } = await cluster.kubectl(['get', 'pods', '-l', `job-name=${jobName}`, '-o', 'name'])
  return stdout.split('\n').filter(Boolean)
}

async function failedCreate(jobName: string): Promise<string> {
  const selector = `reason=FailedCreate,involvedObject.name=${jobName}`
  const path = 'jsonpath={.items[*].message}'
  return (await cluster.kubectl(['get', 'events', '--field-selector', selector, '-o', path])).stdout
}

/** Adds an ephemeral container as a tenant, with these mounts. */
async function debug(podName: string, volumeMounts: object[]) {
  const stored = z.looseObject({ spec: z.looseObject({}) }).parse(await cluster.get(`pod/${podName}`))
  const ephemeralContainers = [{ name: 'debugger', image, volumeMounts }]
  const changed = { ...stored, spec: { ...stored.spec, ephemeralContainers } }
  const path = `/api/v1/namespaces/${cluster.namespace}/pods/${podName}/ephemeralcontainers`
  return cluster.kubectl([...TENANT, 'replace', '--raw', path, '-f', '-'], JSON.stringify(changed))
}

describe('the hydration Job', () => {
  test('gets no pod before status has its UID, and the event says why', async () => {
    const words = await eventually('an event', async () => (await failedCreate(JOB)) || undefined)
    expect(words).toMatch(
      /admission webhook "validate\.pods\.modelplane\.ai" denied the request: ClaimWritable: /,
    )
    expect(await podsOf(JOB)).toEqual([])
  })

  test('gets its pod, which may write, from the real Job controller once status has its UID', async () => {
    await cluster.setStatus('modelcache/weights', { hydration: { jobName: JOB, jobUID: hydrationUID } })
    await eventually('the pod', async () => ((await podsOf(JOB)).length === 1 ? true : undefined))
  })

  test('is not the only Job of its creator, but another one gets no pods', async () => {
    await create(CONTROLLER, await hydrationJobOf(cluster, 'weights', 'modelcache--another'))
    const words = await eventually(
      'an event',
      async () => (await failedCreate('modelcache--another')) || undefined,
    )
    expect(words).toMatch(/validate\.pods\.modelplane\.ai.* ClaimWritable: volume volume mounts claim/)
    expect(await podsOf('modelcache--another')).toEqual([])
  })

  test('has a pod that a tenant may not debug', async () => {
    const [name = ''] = (await podsOf(JOB)).map(found => found.replace('pod/', ''))
    for (const mounts of [[{ name: 'volume', mountPath: '/data' }], []]) {
      const { code, stderr } = await debug(name, mounts)
      expect(code).toBe(1)
      expect(stderr).toMatch(/HydrationProtected: |ClaimWritable: /)
    }
  })
})

describe('a tenant cannot write', () => {
  const controller = { apiVersion: 'batch/v1', kind: 'Job', name: JOB, controller: true }

  test.each<[string, () => object]>([
    ['by a pod', () => ({})],
    ['by a pod with the label of a hydration pod', () => ({ labels: { 'job-name': JOB } })],
    [
      'by a pod whose owner is, it says, the hydration Job',
      () => ({ ownerReferences: [{ ...controller, uid: hydrationUID }] }),
    ],
    [
      'by a pod with both',
      () => ({
        labels: { 'modelplane.ai/modelcache': 'weights', 'batch.kubernetes.io/job-name': JOB },
        ownerReferences: [{ ...controller, uid: hydrationUID }],
      }),
    ],
  ])('%s', async (_how, metadata) => {
    expect(await refusal(TENANT, pod(metadata(), writing()))).toContain('ClaimWritable: ')
  })

  test('by a Job', async () => {
    expect(await refusal(TENANT, job('tenant', writing()))).toContain('ClaimWritable: ')
  })

  test('by a CronJob: the Job that its controller makes is denied', async () => {
    const template = { spec: { template: { spec: writing() } } }
    const uid = await create(TENANT, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly' },
      spec: { schedule: '0 3 * * *', jobTemplate: template },
    })
    // The next full minute is far away, so the test sends the request that the controller would send then.
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid, controller: true }
    const words = await refusal(CRONJOB_CONTROLLER, job('nightly-1', writing(), { ownerReferences: [owner] }))
    expect(words).toContain('ClaimWritable: ')
  })

  test('by the pod of a Deployment', async () => {
    const labels = { app: 'writer' }
    await create(TENANT, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'writer' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { ...writing(), restartPolicy: 'Always' } },
      },
    })
    const events = ['get', 'events', '--field-selector', 'reason=FailedCreate,involvedObject.kind=ReplicaSet']
    const words = await eventually('an event', async () => {
      const { stdout } = await cluster.kubectl([...events, '-o', 'jsonpath={.items[*].message}'])
      return stdout || undefined
    })
    expect(words).toContain('ClaimWritable: ')
  })

  test('by an ephemeral container of a pod that was given the cache', async () => {
    await create(TENANT, pod({ name: 'served', ...annotations('weights') }))
    const { code, stderr } = await debug('served', [{ name: 'modelcache--weights', mountPath: '/data' }])
    expect(code).toBe(1)
    expect(stderr).toContain('ClaimWritable: ')
  })
})

describe('a tenant may', () => {
  test('debug a pod that was given the cache, mounting it read-only', async () => {
    const mount = { name: 'modelcache--weights', mountPath: '/data', readOnly: true }
    const { code, stderr } = await debug('served', [mount])
    expect(code, stderr).toBe(0)
  })

  test('debug such a pod while the cache is not Ready any more', async () => {
    await create(TENANT, pod({ name: 'outlived', ...annotations('weights') }))
    await cluster.setStatus('modelcache/weights', { phase: 'Failed', conditions: [] })
    const { code, stderr } = await debug('outlived', [])
    expect(code, stderr).toBe(0)
    await cluster.setStatus('modelcache/weights', readyStatus(CLAIM))
  })

  test('write to a claim of their own, by a pod and by a Job', async () => {
    const spec = {
      ...writing(),
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'scratch' } }],
    }
    await create(TENANT, pod({ name: 'scratcher' }, spec))
    await create(TENANT, job('scratcher', spec))
  })
})
