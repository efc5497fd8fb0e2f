import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import {
  annotations,
  classes,
  DIGEST,
  modelCache,
  pod,
  RWX_CLASS,
  soundSpec,
  storageClass,
} from './support/objects.ts'
import { container, inline, report, sized, stagingIn, stored } from './support/staging.ts'

// The real API server, Job controller, volume binder and garbage collector. The test writes what a kubelet
// would say about a pod.

let cluster: Cluster
beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

const { get, inPhase, provision, podOf, say, run, end, eventsOf } = stagingIn(() => cluster)

test('a cache is staged: claim, Job, pod, Ready; and all of it goes with it', async () => {
  await cluster.need(modelCache('whole', soundSpec({ ...inline, ...sized })))
  const job = 'modelcache--whole'
  await inPhase('whole', 'Provisioning', 'Provisioning')
  const claim = await eventually('the claim', () => get(`pvc/${job}`).catch(() => undefined))
  expect(claim.spec).toMatchObject({
    accessModes: ['ReadWriteMany'],
    storageClassName: RWX_CLASS,
    resources: { requests: { storage: '5Gi' } },
  })
  // The Job is the first consumer of the claim, so it does not wait for the volume.
  const name = await podOf(job)
  await provision(job)
  await inPhase('whole', 'Hydrating', 'Hydrating')
  const cache = await get('modelcache/whole')
  expect(cache.status).toMatchObject({
    claimName: job,
    claimUID: claim.metadata.uid,
    hydration: { jobName: job, jobUID: (await get(`job/${job}`)).metadata.uid, attempt: 1 },
  })
  // Everybody can see that it waits, and why.
  const refused = await cluster.apply(pod({ name: 'early', ...annotations('whole') }))
  expect(refused.stderr).toContain('CacheNotReady')

  const made = z
    .looseObject({
      spec: z.looseObject({
        containers: z.array(
          z.looseObject({ env: z.array(z.object({ name: z.string(), value: z.string().optional() })) }),
        ),
      }),
    })
    .parse(await cluster.get(`pod/${name}`))
  // Kubernetes would expand $(HOME).
  expect(
    made.spec.containers[0]?.env.find(({ name: variable }) => variable === 'MODELCACHE_MANIFEST_0')?.value,
  ).toContain('costs $$(HOME) $$5')

  await run(name)
  await end(name, 0, report)
  const status = await inPhase('whole', 'Ready', 'SnapshotComplete')
  expect(status).toMatchObject({
    resolvedDigest: DIGEST,
    snapshots: [{ digest: DIGEST }],
    bytesStaged: 17,
    filesStaged: 1,
    progress: '100%',
    lastHydratedAt: '2026-01-01T00:00:10Z',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Populated', status: 'True' },
      { type: 'Failed', status: 'False' },
    ],
    clusters: [{ name: 'local', phase: 'Ready', ready: true, sizeBytes: 17 }],
  })
  // Its pod would pin the volume.
  await eventually(
    'the end of the Job',
    async () => (await cluster.kubectl(['get', `job/${job}`])).code !== 0 || undefined,
  )
  for (const phase of ['Provisioning', 'Hydrating', 'Ready'])
    await eventually(`an Event ${phase}`, async () => (await eventsOf('whole')).includes(phase) || undefined)

  await cluster.need(pod({ name: 'server', ...annotations('whole') }))
  expect(await cluster.get('pod/server')).toMatchObject({
    spec: {
      containers: [
        {
          volumeMounts: expect.arrayContaining([
            expect.objectContaining({ subPath: snapshotPath(DIGEST), readOnly: true }),
          ]),
        },
      ],
    },
  })
  await cluster.kubectl(['delete', 'pod/server', '--force'])

  expect(
    (await cluster.kubectl(['wait', '--for=condition=Ready', 'modelcache/whole', '--timeout=10s'])).code,
  ).toBe(0)
  expect((await cluster.kubectl(['delete', 'modelcache/whole', '--timeout=180s'])).code).toBe(0)
  await eventually(
    'the end of the claim',
    async () => (await cluster.kubectl(['get', `pvc/${job}`])).code !== 0 || undefined,
  )
})

describe('what comes in the way is named in status and told in an Event:', () => {
  /** A cache whose Job has created its pod, and whose volume exists. */
  async function working(name: string, spec: object = {}): Promise<{ job: string; pod: string }> {
    const job = `modelcache--${name}`
    await provision(job)
    await cluster.need(modelCache(name, soundSpec({ ...inline, ...sized, ...spec })))
    const pod = await podOf(job)
    await inPhase(name, 'Hydrating')
    return { job, pod }
  }

  /** Status shows the reason and the words, and so does a Warning. */
  async function says(name: string, phase: string, reason: string, words: string): Promise<void> {
    const { message } = await inPhase(name, phase, reason)
    expect(message).toContain(words)
    await eventually(
      `an Event ${reason}`,
      async () => (await eventsOf(name)).includes(`Warning  ${reason}`) || undefined,
    )
  }

  test('a source that cannot be had, until the ModelCache changes', async () => {
    const { job, pod } = await working('rejected')
    const uid = (await get(`job/${job}`)).metadata.uid
    await end(pod, 1, {
      reason: 'Unauthorized',
      message: 'https://hub.example answers 401: put a token into the Secret',
    })
    await says(
      'rejected',
      'Failed',
      'Unauthorized',
      'annotate modelcache/rejected --overwrite modelplane.ai/refetch=',
    )
    expect(await get('modelcache/rejected')).toMatchObject({
      status: {
        conditions: [
          { status: 'False' },
          { status: 'False' },
          { type: 'Failed', status: 'True', reason: 'Unauthorized' },
          { type: 'Reconciling', status: 'True' },
        ],
      },
    })
    await cluster.kubectl(['annotate', 'modelcache/rejected', 'modelplane.ai/refetch=now'])
    const next = await podOf(job, pod)
    expect((await get(`job/${job}`)).metadata.uid).not.toBe(uid)
    await end(next, 0, report)
    expect(await inPhase('rejected', 'Ready')).toMatchObject({ hydration: { refetch: 'now' } })
  })

  test('a pod that runs out of memory, of which the Job makes another', async () => {
    const { job, pod } = await working('hungry')
    await end(pod, 137, {}, 'OOMKilled')
    await says('hungry', 'Hydrating', 'OOMKilled', 'spec.hydration.resources.limits.memory')
    const next = await podOf(job, pod)
    await run(next)
    await inPhase('hungry', 'Hydrating', 'Hydrating')
    await end(next, 0, report)
    await inPhase('hungry', 'Ready')
  })

  test('a node is missing, until spec.hydration says otherwise', async () => {
    const { job, pod } = await working('lonely')
    await say(pod, {
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/3 nodes are available: 3 Insufficient cpu.',
        },
      ],
    })
    await says('lonely', 'Hydrating', 'PodUnschedulable', '3 Insufficient cpu')
    const patch = JSON.stringify({ spec: { hydration: { resources: { requests: { cpu: '10m' } } } } })
    expect((await cluster.kubectl(['patch', 'modelcache/lonely', '--type=merge', '-p', patch])).code).toBe(0)
    await podOf(job, pod)
  })

  test('an image that cannot be pulled', async () => {
    const { pod } = await working('imageless')
    await say(
      pod,
      container({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' } }),
    )
    await says('imageless', 'Hydrating', 'ImagePullFailed', 'spec.hydration.imagePullSecrets')
  })

  test('a claim of that name which somebody else has made is never taken', async () => {
    // Only a user who may manage storage can create one.
    await cluster.need({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'modelcache--squatted' },
      spec: {
        accessModes: ['ReadWriteMany'],
        storageClassName: RWX_CLASS,
        resources: { requests: { storage: '1Gi' } },
      },
    })
    await cluster.need(modelCache('squatted', soundSpec({ ...inline, ...sized })))
    await says(
      'squatted',
      'Pending',
      'ClaimNotOwned',
      'delete pvc modelcache--squatted), or give the ModelCache another name',
    )
    await cluster.kubectl(['delete', 'pvc/modelcache--squatted', '--wait=false'])
    await inPhase('squatted', 'Provisioning')
    await cluster.kubectl(['delete', 'modelcache/squatted'])
  })

  test('a claim that its provisioner cannot bind', async () => {
    await cluster.need(modelCache('unbound', soundSpec({ ...inline, ...sized })))
    const claim = await eventually('the claim', () => get('pvc/modelcache--unbound').catch(() => undefined))
    await podOf('modelcache--unbound')
    // As the provisioner of a cloud would say it.
    await cluster.need({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'unbound.1' },
      type: 'Warning',
      reason: 'ProvisioningFailed',
      message: 'googleapi: Error 403: insufficient regional quota',
      involvedObject: {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: cluster.namespace },
        ...{ name: 'modelcache--unbound', uid: claim.metadata.uid },
      },
      lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
    })
    await says('unbound', 'Provisioning', 'StorageUnprovisioned', 'insufficient regional quota')
  })
})

describe('in a namespace with a quota', () => {
  let own: Cluster
  beforeAll(async () => {
    own = await newNamespace()
  })
  const quota = (hard: object) => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'quota' },
    spec: { hard },
  })
  const ready = async (name: string) => {
    const { status } = stored.parse(await own.get(`modelcache/${name}`))
    return status?.conditions?.find(({ type }) => type === 'Ready')
  }

  test('the claim or the pod that has no room is named, and made when there is', async () => {
    await own.need(quota({ 'requests.storage': '1Gi' }))
    await eventually('the quota', async () => {
      const { stdout } = await own.kubectl(['get', 'quota/quota', '-o', 'jsonpath={.status.hard}'])
      return stdout || undefined
    })
    await own.need(modelCache('big', soundSpec({ ...inline, ...sized })))
    const refused = await eventually('a refusal', async () => {
      const condition = await ready('big')
      return condition?.reason === 'QuotaExceeded' ? condition : undefined
    })
    expect(refused.message).toContain('exceeded quota: quota, requested: requests.storage=5Gi')

    // The claim fits now, but its pod does not.
    await own.need(quota({ 'requests.storage': '10Gi', pods: '0' }))
    await own.kubectl(['annotate', 'modelcache/big', 'touched=now'])
    await eventually('the denial of the pod', async () => {
      const condition = await ready('big')
      return condition?.message.includes('cannot create its pod') && condition.message.includes('pods=1')
        ? true
        : undefined
    })
    expect((await ready('big'))?.reason).toBe('QuotaExceeded')
  })

  test('nothing of it keeps the namespace from going', async () => {
    const { code, stderr } = await own.kubectl(['delete', 'namespace', own.namespace, '--timeout=120s'])
    expect(code, stderr).toBe(0)
  })
})

test('without a size, a Job asks the source first, and the claim gets that and head room', async () => {
  const source = { http: { url: 'https://files.example/model.bin' } }
  const storage = { backend: 'PVC', pvc: { storageClassName: RWX_CLASS } }
  await cluster.need(modelCache('measured', soundSpec({ artifact: { kind: 'Weights', source }, storage })))
  await inPhase('measured', 'Resolving', 'Measuring')
  expect((await cluster.kubectl(['get', 'pvc/modelcache--measured'])).code).not.toBe(0)
  const asking = await podOf('modelcache--measured-')
  expect(await cluster.get(`pod/${asking}`)).toMatchObject({
    spec: { containers: [{ args: expect.arrayContaining(['hydrate', '--measure']) }] },
  })
  await end(asking, 0, { bytes: 4 * 2 ** 30, files: 1, revision: 'v1' })
  await provision('modelcache--measured')
  const claim = await eventually('the claim', () => get('pvc/modelcache--measured').catch(() => undefined))
  expect(claim.spec).toMatchObject({ resources: { requests: { storage: '6Gi' } } })
  const next = await podOf('modelcache--measured', asking)
  await end(next, 0, report)
  expect(await inPhase('measured', 'Ready')).toMatchObject({ bytesTotal: 17 })
})

describe('a cache that is Ready', () => {
  const OTHER = `sha256:${'6b'.repeat(32)}`
  let first: string
  beforeAll(async () => {
    await provision('modelcache--latched')
    await cluster.need(modelCache('latched', soundSpec({ ...inline, ...sized })))
    first = await podOf('modelcache--latched')
    await end(first, 0, report)
    await inPhase('latched', 'Ready')
  })

  test('stays Ready while it is staged again, and has the new digest when that is complete', async () => {
    await cluster.kubectl(['annotate', 'modelcache/latched', 'modelplane.ai/refetch=2026-01-02'])
    const again = await podOf('modelcache--latched', first)
    await run(again)
    expect(await get('modelcache/latched')).toMatchObject({
      status: { phase: 'Ready', resolvedDigest: DIGEST },
    })
    await end(again, 0, { ...report, digest: OTHER, path: snapshotPath(OTHER) })
    await eventually('the new digest', async () => {
      const { status } = await get('modelcache/latched')
      return status?.resolvedDigest === OTHER || undefined
    })
    expect(await get('modelcache/latched')).toMatchObject({
      status: { phase: 'Ready', snapshots: [{ digest: DIGEST }, { digest: OTHER }] },
    })
  })

  test('is as it was when the next one fails', async () => {
    await cluster.kubectl([
      'annotate',
      'modelcache/latched',
      '--overwrite',
      'modelplane.ai/refetch=2026-01-03',
    ])
    await eventually('the next Job', async () => {
      const { status } = await get('modelcache/latched')
      const job = await get('job/modelcache--latched').catch(() => undefined)
      return (job && (status?.hydration as { jobUID?: string })?.jobUID === job.metadata.uid) || undefined
    })
    const again = await podOf('modelcache--latched')
    await end(again, 1, { reason: 'SourceNotFound', message: 'gone' })
    await eventually('the end of the Job', async () => {
      const { stdout } = await cluster.kubectl([
        'get',
        'job/modelcache--latched',
        '-o',
        'jsonpath={.status.conditions[*].type}',
      ])
      return stdout.includes('Failed') || undefined
    })
    await cluster.need(pod({ name: 'latched', ...annotations('latched') }))
    expect(await get('modelcache/latched')).toMatchObject({
      status: { phase: 'Ready', resolvedDigest: OTHER },
    })
    await cluster.kubectl(['delete', 'pod/latched', '--force'])
  })

  test('has a claim that grows with sizeGiB, where its class lets it', async () => {
    const name = `growing-${cluster.namespace}`
    await cluster.need({ ...storageClass(name, 'filestore.csi.storage.gke.io'), allowVolumeExpansion: true })
    await provision('modelcache--growing', name)
    const spec = (sizeGiB: number) =>
      soundSpec({ ...inline, storage: { backend: 'PVC', pvc: { storageClassName: name, sizeGiB } } })
    await cluster.need(modelCache('growing', spec(5)))
    await end(await podOf('modelcache--growing'), 0, report)
    await inPhase('growing', 'Ready')
    await cluster.need(modelCache('growing', spec(8)))
    await eventually('the larger claim', async () => {
      const path = 'jsonpath={.spec.resources.requests.storage}'
      const { stdout } = await cluster.kubectl(['get', 'pvc/modelcache--growing', '-o', path])
      return stdout === '8Gi' || undefined
    })
    await cluster.kubectl(['delete', 'storageclass', name])
  })
})
