import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, newNamespace } from './support/cluster.ts'
import { annotations, classes, modelCache, readyStatus, soundSpec } from './support/objects.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes, modelCache('weights', soundSpec()), modelCache('hydrating', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
  await cluster.setStatus('modelcache/hydrating', { phase: 'Hydrating', progress: '62%' })
})

const LABELS = { app: 'serve' }

/** A template of one vLLM container that serves `model`. */
function template(metadata: object, model = '/mnt/model', container: object = {}, spec: object = {}) {
  return {
    metadata: { labels: LABELS, ...metadata },
    spec: {
      containers: [{ name: 'vllm', image: 'vllm/vllm-openai:v0.11.0', args: [model], ...container }],
      ...spec,
    },
  }
}

type Template = ReturnType<typeof template>

const withSelector = (of: Template, more: object = {}) => ({
  selector: { matchLabels: LABELS },
  template: of,
  ...more,
})
const once = (of: Template) => ({ ...of, spec: { ...of.spec, restartPolicy: 'Never' } })

/** The seven kinds, without pods if possible, so that only their admission matters. */
const KINDS: [kind: string, apiVersion: string, spec: (of: Template) => object][] = [
  ['Deployment', 'apps/v1', of => withSelector(of, { replicas: 0 })],
  ['StatefulSet', 'apps/v1', of => withSelector(of, { replicas: 0, serviceName: 'serve' })],
  ['DaemonSet', 'apps/v1', of => withSelector(of)],
  ['ReplicaSet', 'apps/v1', of => withSelector(of, { replicas: 0 })],
  ['Job', 'batch/v1', of => ({ suspend: true, template: once(of) })],
  ['CronJob', 'batch/v1', of => ({ schedule: '@yearly', jobTemplate: { spec: { template: once(of) } } })],
  [
    'LeaderWorkerSet',
    'leaderworkerset.x-k8s.io/v1',
    of => ({ replicas: 0, leaderWorkerTemplate: { size: 2, leaderTemplate: of, workerTemplate: of } }),
  ],
]

let made = 0

function apply(kind: string, apiVersion: string, spec: object, metadata: object = {}) {
  return cluster.apply({ apiVersion, kind, metadata: { name: `w-${++made}`, ...metadata }, spec })
}

const inTheWay: [object, object] = [
  { volumeMounts: [{ name: 'own', mountPath: '/mnt' }] },
  { volumes: [{ name: 'own', emptyDir: {} }] },
]

describe.each(KINDS)('a %s', (kind, apiVersion, spec) => {
  test('is denied when its pods can never get the mount', async () => {
    const of = template(annotations('hydrating'), '/mnt/model', ...inTheWay)
    const { code, stderr } = await apply(kind, apiVersion, spec(of))
    expect(code, stderr).toBe(1)
    expect(stderr).toMatch(
      /"workloads.modelplane.ai" denied the request: MountPathConflict: spec\.\S+: container vllm/,
    )
  })

  test('is admitted with warnings when its caches are missing or not Ready', async () => {
    const { code, stderr } = await apply(kind, apiVersion, spec(template(annotations('hydrating, missing'))))
    expect(code, stderr).toBe(0)
    expect(stderr.trim().split('\n')).toEqual([
      `Warning: CacheNotFound: there is no ModelCache ${cluster.namespace}/missing; pods are denied until it exists and is Ready`,
      `Warning: CacheNotReady: pods are denied until ModelCache ${cluster.namespace}/hydrating is Ready; it is Hydrating (62%)`,
    ])
  })

  test('is admitted in silence when all is well', async () => {
    const { code, stderr } = await apply(kind, apiVersion, spec(template(annotations('weights'))))
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })
})

const deployment = (of: Template) => withSelector(of, { replicas: 0 })

test('an engine that serves a model of a hub beside its cache is told', async () => {
  const of = template(annotations('weights'), 'meta-llama/Llama-3.3-70B-Instruct')
  const { code, stderr } = await apply('Deployment', 'apps/v1', deployment(of))
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(
    /^Warning: ModelPathMismatch: container vllm serves meta-llama\/\S+, .* \/mnt\/model/,
  )
})

test('a gang of which only the leaders ask is told', async () => {
  const spec = { size: 2, leaderTemplate: template(annotations('weights')), workerTemplate: template({}) }
  const { code, stderr } = await apply('LeaderWorkerSet', 'leaderworkerset.x-k8s.io/v1', {
    replicas: 0,
    leaderWorkerTemplate: spec,
  })
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/^Warning: GangReferencesDiffer: leaders ask for weights, but workers for no cache/)
})

test('an annotation that stands on the workload alone is told', async () => {
  const { code, stderr } = await apply(
    'Deployment',
    'apps/v1',
    deployment(template({})),
    annotations('weights'),
  )
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/^Warning: AnnotationNotOnTemplate: /)
})

test('an annotation on the Jobs of a CronJob is told to reach no pod', async () => {
  const jobTemplate = { metadata: annotations('weights'), spec: { template: once(template({})) } }
  const { code, stderr } = await apply('CronJob', 'batch/v1', { schedule: '@yearly', jobTemplate })
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/^Warning: AnnotationNotOnTemplate: .*spec\.jobTemplate\.spec\.template\.metadata/)
})

test('a workload with an impossible template can be scaled, and not changed to another impossible one', async () => {
  // While the cache does not exist, nothing says that the template is impossible.
  const of = template(annotations('late'), '/mnt/model', ...inTheWay)
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'scaled' },
    spec: deployment(of),
  }
  await cluster.need(object, modelCache('late', soundSpec()))
  for (const command of [
    ['scale', 'deploy/scaled', '--replicas=1'],
    ['patch', 'deploy/scaled', '-p', '{"spec":{"replicas":2}}'],
  ]) {
    const { code, stderr } = await cluster.kubectl(command)
    expect(stderr).toBe('')
    expect(code).toBe(0)
  }
  const changed = await cluster.kubectl(['set', 'env', 'deploy/scaled', 'A=b'])
  expect(changed.stderr).toContain('MountPathConflict: spec.template: container vllm')
})
