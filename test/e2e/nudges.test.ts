import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { annotations, classes, pausedCache, readyStatus, soundSpec } from './support/objects.ts'

/**
 * After so many attempts, a controller waits for more than ten seconds. That of Jobs begins with a second.
 */
const ATTEMPTS: Record<string, number> = { Job: 4 }
const USUAL = 12

let cluster: Cluster
beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

const containers = [{ name: 'vllm', image: 'vllm/vllm-openai:v0.11.0' }]
const labels = { app: 'a' }
const template = (caches: string, more: Record<string, string> = {}) => ({
  metadata: { labels, ...annotations(caches, more) },
  spec: { containers },
})
const selector = { matchLabels: labels }

const WORKLOADS: [kind: string, apiVersion: string, spec: (of: object) => object][] = [
  ['ReplicaSet', 'apps/v1', template => ({ replicas: 1, selector, template })],
  ['StatefulSet', 'apps/v1', template => ({ serviceName: 'a', selector, template })],
  [
    'Job',
    'batch/v1',
    template => ({
      template: {
        spec: { restartPolicy: 'Never', containers },
        metadata: z.looseObject({ metadata: z.unknown() }).parse(template).metadata,
      },
    }),
  ],
]

const events = z.object({
  items: z.array(
    z.looseObject({ count: z.number().optional(), series: z.looseObject({ count: z.number() }).optional() }),
  ),
})

/** How often the controller of an object has tried in vain. */
async function attempts(name: string): Promise<number> {
  const fields = `reason=FailedCreate,involvedObject.name=${name}`
  const { stdout } = await cluster.kubectl(['get', 'events', '--field-selector', fields, '-o', 'json'])
  const { items } = events.parse(JSON.parse(stdout))
  return items.reduce((sum, { count, series }) => sum + (series?.count ?? count ?? 1), 0)
}

async function podsOf(owner: string): Promise<string[]> {
  const path = `jsonpath={range .items[?(@.metadata.ownerReferences[0].name=="${owner}")]}{.metadata.name}{"\\n"}{end}`
  const { stdout } = await cluster.kubectl(['get', 'pods', '-o', path])
  return stdout.split('\n').filter(line => line !== '')
}

const nudged = async (resource: string) =>
  (await cluster.kubectl(['get', resource, '-o', 'jsonpath={.metadata.annotations.modelplane\\.ai/nudged}']))
    .stdout

describe('when a cache turns Ready', () => {
  test.each(WORKLOADS)(
    'a %s that was denied for long tries again at once',
    async (kind, apiVersion, spec) => {
      const name = `denied-${kind.toLowerCase()}`
      await cluster.need(pausedCache(name, soundSpec()), {
        apiVersion,
        kind,
        metadata: { name },
        spec: spec(template(name)),
      })
      await eventually('many attempts', async () =>
        (await attempts(name)) >= (ATTEMPTS[kind] ?? USUAL) ? true : undefined,
      )
      await cluster.setStatus(`modelcache/${name}`, readyStatus(`modelcache--${name}`))
      await eventually('its pod', async () => ((await podsOf(name)).length > 0 ? true : undefined))
      expect(await nudged(`${kind}/${name}`)).toContain(`${name} is Ready since `)
    },
  )

  test('one that has its pods is left alone, and so is one that waits for another cache', async () => {
    await cluster.need(
      pausedCache('first', soundSpec()),
      pausedCache('second', soundSpec({ mount: { path: '/mnt/other' } })),
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'both' },
        spec: { replicas: 1, selector, template: template('first,second') },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'none' },
        spec: { replicas: 0, selector, template: template('first') },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'one' },
        spec: { replicas: 1, selector, template: template('first') },
      },
    )
    await cluster.setStatus('modelcache/first', readyStatus('modelcache--first'))
    await eventually('its pod', async () => ((await podsOf('one')).length > 0 ? true : undefined))
    expect(await nudged('replicaset/both')).toBe('')
    expect(await nudged('replicaset/none')).toBe('')
    await cluster.setStatus('modelcache/second', readyStatus('modelcache--second'))
    await eventually('its pod', async () => ((await podsOf('both')).length > 0 ? true : undefined))
  })
})

test('a workload whose pods would wait at a gate tries again when its cache is made', async () => {
  const metadata = { name: 'early' }
  const gated = template('made-later', { 'modelplane.ai/not-ready': 'Gate' })
  await cluster.need({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata,
    spec: { replicas: 1, selector, template: gated },
  })
  await eventually('many attempts', async () => ((await attempts('early')) >= USUAL ? true : undefined))
  await cluster.need(pausedCache('made-later', soundSpec()))
  await eventually('its pod', async () => ((await podsOf('early')).length > 0 ? true : undefined))
  expect(await nudged('replicaset/early')).toContain('made-later exists since ')
})

test('the token of the controller changes nothing else of a workload', async () => {
  const user = 'system:serviceaccount:modelcache-system:modelcache-controller'
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'reads' } }
  const apiGroup = 'rbac.authorization.k8s.io'
  // kubectl reads what it patches.
  await cluster.need(
    { ...role, kind: 'Role', rules: [{ apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get'] }] },
    {
      ...role,
      kind: 'RoleBinding',
      roleRef: { apiGroup, kind: 'Role', name: 'reads' },
      subjects: [{ apiGroup, kind: 'User', name: user }],
    },
  )
  const patch = async (change: object) => {
    const args = ['patch', 'replicaset/none', '--type=merge', '-p', JSON.stringify(change), `--as=${user}`]
    return (await cluster.kubectl(args)).stderr
  }
  expect(await patch({ metadata: { annotations: { 'modelplane.ai/nudged': 'x' } } })).toBe('')
  expect(await patch({ metadata: { annotations: { other: 'x' } } })).toContain('ControllerLimited: ')
  expect(await patch({ spec: { replicas: 3 } })).toContain('ControllerLimited: ')
  expect(await patch({ metadata: { labels: { a: 'b' } } })).toContain('ControllerLimited: ')
})
