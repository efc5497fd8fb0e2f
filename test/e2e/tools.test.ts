import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { runCommand } from '../testbed/command.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { annotations, classes, modelCache, pausedCache, readyStatus, soundSpec } from './support/objects.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'

// What a person asks at a terminal, in a namespace where several things are broken at once.

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

let cluster: Cluster
const { inPhase, provision, podOf, run, end } = stagingIn(() => cluster)

/** Runs a role as a user whose kubeconfig has the namespace of the test. */
async function tool(...args: string[]) {
  const env = { ...process.env, KUBECONFIG: inject('cluster').kubeconfig, NO_COLOR: '1' }
  return runCommand(process.execPath, [MAIN, ...args, '-n', cluster.namespace], { env })
}

const containers = [{ name: 'main', image: 'registry.example.com/anything' }]
const LABELS = { app: 'serve' }

function deployment(name: string, template: object = {}, replicas = 1) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: LABELS },
      template: { metadata: { labels: LABELS, ...template }, spec: { containers } },
    },
  }
}

const asking = (caches: string, more: object = {}) => ({
  annotations: { 'modelplane.ai/caches': caches, ...more },
})
const GATED = { 'modelplane.ai/not-ready': 'Gate' }

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  // A cache that is Ready, one whose claim waits for a volume, one whose source rejects us, one at work.
  await cluster.need(pausedCache('fine', soundSpec()))
  await cluster.setStatus('modelcache/fine', { ...readyStatus('modelcache--fine'), observedGeneration: 1 })
  await cluster.need(
    modelCache('unbound', soundSpec({ ...inline, ...sized })),
    modelCache('rejected', soundSpec({ ...inline, ...sized })),
    modelCache('works', soundSpec({ ...inline, ...sized })),
  )
  await provision('modelcache--rejected')
  await end(await podOf('modelcache--rejected'), 1, {
    reason: 'ChecksumMismatch',
    message: 'no such repository',
  })
  await provision('modelcache--works')
  await run(await podOf('modelcache--works'))
  await inPhase('rejected', 'Failed', 'ChecksumMismatch')
  await inPhase('works', 'Hydrating')
  await eventOn('PersistentVolumeClaim', 'modelcache--unbound', 'ProvisioningFailed', 'the share is full')
  await cluster.need(
    deployment('of-nothing'),
    deployment('of-a-typo', { annotations: { 'modelplane.ai/cache': 'fine' } }),
    deployment('of-gone', asking('gone')),
    deployment('of-unbound', asking('unbound')),
    deployment('of-rejected', asking('rejected')),
    deployment('of-works', asking('works', GATED), 2),
    deployment('of-fine', asking('fine')),
  )
}, 300_000)

/** An event as another component writes it, such as a provisioner. */
async function eventOn(kind: string, name: string, reason: string, message: string): Promise<void> {
  const uid = await eventually(`${kind} ${name}`, async () => {
    const { stdout } = await cluster.kubectl(['get', kind, name, '-o', 'jsonpath={.metadata.uid}'])
    return stdout || undefined
  })
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  await cluster.need({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${reason.toLowerCase()}` },
    involvedObject: { apiVersion: 'v1', kind, name, namespace: cluster.namespace, uid },
    type: 'Warning',
    reason,
    message,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 3,
    source: { component: 'tests' },
  })
}

describe('modelcache why', () => {
  const why = (target: string, ...words: string[]) =>
    eventually(`the reason of ${target}`, async () => {
      const { code, stdout, stderr } = await tool('why', target)
      expect(stderr).toBe('')
      expect(code).toBe(0)
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      return words.every(word => last.includes(word)) ? stdout : undefined
    })

  test.each([
    ['deployment/of-nothing', ['it names no cache; set annotation modelplane.ai/caches']],
    ['deployment/of-a-typo', ['KeyIgnored', 'did you mean annotation modelplane.ai/caches?']],
    ['deploy/of-gone', ['there is no ModelCache', '/gone; create it']],
    ['deployments.apps/of-unbound', ['is Provisioning', 'the share is full']],
    ['of-rejected', ['has Failed (ChecksumMismatch: no such repository']],
    ['deployment/of-works', ['is Hydrating', 'wait with:']],
    ['modelcache/fine', ['the cache is Ready']],
  ])('%s', async (target, words) => {
    const text = await why(target, ...words)
    // One screen.
    expect(text.split('\n').length).toBeLessThan(25)
  })

  test('shows the way from the workload to the event', async () => {
    const text = await why('deployment/of-unbound', 'the share is full')
    expect(text).toMatch(/^Deployment \S+\/of-unbound: 0 pods, 0 ready, 1 wanted$/m)
    expect(text).toMatch(/^ {2}asks for unbound \(spec\.template\)$/m)
    expect(text).toMatch(/FailedCreate: .*CacheNotReady/)
    expect(text).toMatch(/^ModelCache unbound: Provisioning/m)
    expect(text).toMatch(/^ {2}PersistentVolumeClaim modelcache--unbound: Pending, class/m)
    expect(text).toMatch(/^ {4}\d+[sm] ago, 3 times: ProvisioningFailed: the share is full$/m)
  })

  test('shows pods that wait at their gate, and the Job that they wait for', async () => {
    const text = await why('deployment/of-works', 'is Hydrating')
    expect(text).toMatch(/^ {2}Pod of-works-\S+: Pending, waits at its gate until its caches are Ready$/m)
    expect(text).toMatch(/^ {2}Job modelcache--works: 1 pod running$/m)
  })

  test('follows a Deployment to a pod that no node takes', async () => {
    const text = await why('deployment/of-fine', 'its caches are Ready, and pod of-fine-')
    expect(text).toContain('asks for fine')
  })

  test('says that an object is missing, and which kinds there are', async () => {
    expect(await tool('why', 'deployment/none')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`there is no Deployment none in namespace ${cluster.namespace}`),
    })
    expect(await tool('why', 'service/none')).toMatchObject({ code: 1 })
    expect(await tool('why', 'gizmo/none')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('gizmo is not a kind that creates pods; the kinds are Pod'),
    })
    expect(await tool('why')).toMatchObject({ code: 2 })
  })
})

describe('modelcache status', () => {
  test('lists the caches, and what is missing', async () => {
    const { code, stdout } = await tool('status')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^NAME +PHASE +PROGRESS +SIZE +PODS +AGE$/m)
    expect(stdout).toMatch(/^fine +Ready /m)
    expect(stdout).toMatch(/^rejected +Failed /m)
    expect(stdout).toMatch(/^rejected: ChecksumMismatch: no such repository/m)
    expect(stdout).toMatch(/^unbound: /m)
  })

  test('of some, and of one that is missing', async () => {
    const { code, stdout, stderr } = await tool('status', 'fine', 'gone')
    expect(code).toBe(1)
    expect(stdout).not.toContain('rejected')
    expect(stderr).toContain(`there is no ModelCache ${cluster.namespace}/gone`)
  })
})

describe('modelcache wait', () => {
  test('ends at once for what is Ready, has failed, or is missing', async () => {
    expect(await tool('wait', 'fine')).toMatchObject({ code: 0, stdout: 'modelcache/fine is Ready\n' })
    const failed = await tool('wait', 'modelcache/rejected', '--timeout=10m')
    expect(failed).toMatchObject({ code: 1 })
    expect(failed.stdout).toContain('modelcache/rejected has failed: ChecksumMismatch: no such repository')
    expect(await tool('wait', 'gone')).toMatchObject({ code: 1, stdout: 'modelcache/gone does not exist\n' })
  })

  test('says how far it is until the cache is Ready', async () => {
    const claim = 'modelcache--waited'
    await provision(claim)
    await cluster.need(modelCache('waited', soundSpec({ ...inline, ...sized })))
    const waiting = tool('wait', 'waited', '--timeout=5m')
    const pod = await podOf(claim)
    await run(pod)
    await inPhase('waited', 'Hydrating')
    await end(pod, 0, report)
    const { code, stdout } = await waiting
    expect(stdout).toMatch(/^modelcache\/waited is Ready$/m)
    expect(code).toBe(0)
  })

  test('gives up in time', async () => {
    const { code, stdout } = await tool('wait', 'unbound', '--timeout=1s')
    expect(code).toBe(1)
    expect(stdout).toContain('is not Ready in time; see: kubectl modelcache why modelcache/unbound')
  })
})

test('modelcache events lists those of the claim and the Job, too', async () => {
  const { code, stdout } = await tool('events', 'unbound')
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^PersistentVolumeClaim\/modelcache--unbound {2}\d+[sm] ago, 3 times: ProvisioningFailed: /m,
  )
})

test('modelcache logs says where there is no pod', async () => {
  expect(await tool('logs', 'fine')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('has no hydration pod now; see: kubectl modelcache why modelcache/fine'),
  })
})

describe('a context of the kubeconfig', () => {
  test('that is missing is named', async () => {
    expect(await tool('status', '--context', 'none')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the kubeconfig has no context none; it has '),
    })
  })
})

describe('completion offers', () => {
  const complete = async (...words: string[]) => {
    const env = { ...process.env, KUBECONFIG: inject('cluster').kubeconfig }
    return (await runCommand(process.execPath, [MAIN, '__complete', ...words], { env })).stdout.split('\n')
  }

  test('the names of caches and workloads in the namespace', async () => {
    const place = ['-n', cluster.namespace]
    expect(await complete('wait', ...place, 're')).toEqual(['rejected', ':4', ''])
    expect(await complete('why', ...place, 'deployment/of-f')).toEqual(['deployment/of-fine', ':4', ''])
  })

  test('roles, options and values', async () => {
    expect(await complete('w')).toEqual(['wait', 'why', 'webhook', ':4', ''])
    expect(await complete('wait', '--t')).toEqual(['--timeout', ':4', ''])
    expect(await complete('review', '-f', '')).toEqual([':0', ''])
    expect(await complete('review', '--unknown-provisioner', '')).toEqual(['Deny', 'Warn', ':4', ''])
    expect(await complete('completion', 'b')).toEqual(['bash', ':4', ''])
    expect(await complete('nonsense', '')).toEqual([':4', ''])
  })
})

test('pods of a cache that is Ready count', async () => {
  await cluster.need({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'reader', ...annotations('fine') },
    spec: { containers },
  })
  await eventually('a pod of fine', async () => {
    const { stdout } = await tool('status', 'fine')
    return /^fine .* 2 +\d+[sm]$/m.test(stdout) || undefined
  })
})
