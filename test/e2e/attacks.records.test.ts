import { beforeAll, describe, expect, test } from 'vitest'
import { snapshotFolder, snapshotPath } from '../../src/api/volume-layout.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import {
  annotations,
  claim,
  classes,
  DIGEST,
  modelCache,
  persistentVolume,
  pod,
  readyStatus,
  soundSpec,
} from './support/objects.ts'

// A tenant who may change pods cannot say for them which bytes they got.
const TENANT = ['--as=tenant', '--as-group=tenants', '--as-group=system:authenticated']
const FORGED = `sha256:${'ab'.repeat(32)}`
let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes, modelCache('weights', soundSpec()), modelCache('later', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
  for (const args of [
    ['rolebinding', 'tenant', '--clusterrole=edit', '--user=tenant'],
    ['role', 'status', '--verb=patch', '--resource=pods/status'],
    ['rolebinding', 'status', '--role=status', '--user=tenant'],
  ]) {
    const { code, stderr } = await cluster.kubectl(['create', ...args])
    expect(code, stderr).toBe(0)
  }
  await cluster.need(
    pod({ name: 'served', ...annotations('weights') }),
    pod({ name: 'waits', ...annotations('later', { 'modelplane.ai/not-ready': 'Gate' }) }),
    pod({ name: 'other' }),
  )
})

const patch = (name: string, change: object, type = 'merge') => [
  ...['patch', 'pod', name, `--type=${type}`, '-p', JSON.stringify(change)],
]

const LABEL = 'modelplane.ai/cache-consumer'
const unlabelled = { metadata: { labels: { [LABEL]: null } } }

describe('a tenant does not', () => {
  test.each<[string, string[]]>([
    [
      'forge the record of a pod',
      ['annotate', 'pod', 'served', '--overwrite', `modelplane.ai/injected=weights=${FORGED}`],
    ],
    ['take it off', ['annotate', 'pod', 'served', 'modelplane.ai/injected-']],
    ['hide a pod that mounts', ['label', 'pod', 'served', `${LABEL}-`]],
    ['hide it by way of its status', [...patch('served', unlabelled), '--subresource=status']],
    [
      'give a record to a pod that was given nothing',
      ['annotate', 'pod', 'other', `modelplane.ai/injected=weights=${DIGEST}`],
    ],
    ['tell it a digest', ['annotate', 'pod', 'other', `digest.modelplane.ai/modelcache--weights=${DIGEST}`]],
    ['count it as one that was', ['label', 'pod', 'other', `${LABEL}=true`]],
    [
      'do so by way of its status',
      [...patch('other', { metadata: { labels: { [LABEL]: 'true' } } }), '--subresource=status'],
    ],
    [
      'tell a pod that waits a digest of their own',
      ['annotate', 'pod', 'waits', `digest.modelplane.ai/modelcache--later=${FORGED}`],
    ],
    ['lift the gate', patch('waits', { spec: { schedulingGates: null } })],
    [
      'do both at once',
      patch('waits', {
        metadata: { annotations: { 'digest.modelplane.ai/modelcache--later': FORGED } },
        spec: { schedulingGates: [] },
      }),
    ],
  ])('%s', async (_what, args) => {
    const { code, stderr } = await cluster.kubectl([...TENANT, ...args])
    expect(code, stderr).toBe(1)
    expect(stderr).toContain('RecordProtected: ')
  })
})

/** A pod with everything that injection adds, for a snapshot that nobody has staged. */
const forgedAtBirth = (name: string, own: Record<string, string>, mount: object) =>
  pod(
    { name, ...annotations('weights', own), labels: { [LABEL]: 'true' } },
    {
      containers: [
        {
          name: 'c',
          image: 'x',
          volumeMounts: [{ name: 'w', mountPath: '/mnt/model', readOnly: true, ...mount }],
        },
      ],
      volumes: [{ name: 'w', persistentVolumeClaim: { claimName: 'modelcache--weights', readOnly: true } }],
    },
  )

describe('a pod that a tenant creates is not given', () => {
  test.each<[string, string, object]>([
    [
      'a snapshot that it names itself',
      'MountPathConflict',
      forgedAtBirth(
        'born',
        { 'modelplane.ai/injected': `weights=${FORGED}` },
        { subPath: snapshotPath(FORGED) },
      ),
    ],
    [
      'that of a leader that was made up',
      'MountPathConflict',
      forgedAtBirth(
        'worker',
        {
          'leaderworkerset.sigs.k8s.io/leader-name': 'served',
          'modelplane.ai/injected': `weights=${FORGED}`,
        },
        { subPath: snapshotPath(FORGED) },
      ),
    ],
    [
      'a snapshot that is not there, where it asks for no cache',
      'SnapshotUnknown',
      pod(
        { name: 'by-hand' },
        {
          containers: [
            {
              name: 'c',
              image: 'x',
              volumeMounts: [{ name: 'w', mountPath: '/m', readOnly: true, subPath: snapshotPath(FORGED) }],
            },
          ],
          volumes: [
            { name: 'w', persistentVolumeClaim: { claimName: 'modelcache--weights', readOnly: true } },
          ],
        },
      ),
    ],
  ])('%s', async (_what, reason, object) => {
    const { code, stderr } = await cluster.apply(object, ...TENANT)
    expect(code, stderr).toBe(1)
    expect(stderr).toContain(`${reason}: `)
  })
})

test('a tenant annotates and labels pods otherwise as before', async () => {
  for (const args of [
    ['annotate', 'pod', 'served', 'team=ml'],
    ['label', 'pod', 'waits', 'team=ml'],
  ]) {
    const { code, stderr } = await cluster.kubectl([...TENANT, ...args])
    expect(code, stderr).toBe(0)
  }
})

test('the controller tells the pod its digest and lifts the gate when the cache is Ready', async () => {
  await cluster.setStatus('modelcache/later', readyStatus('modelcache--later'))
  const text = await eventually('a pod without a gate', async () => {
    const { stdout } = await cluster.kubectl(['get', 'pod', 'waits', '-o', 'json'])
    return stdout.includes('"schedulingGates"') ? undefined : stdout
  })
  expect(text).toContain(`"digest.modelplane.ai/modelcache--later": "${snapshotFolder(DIGEST)}"`)
})

test('a pod whose cache was made again with another claim is not let go onto the old one, and an Event says so', async () => {
  const volume = `${cluster.namespace}-good`
  const existing = (name: string) => ({
    mount: { path: '/mnt/model' },
    storage: { backend: 'ExistingPVC', existingPVC: { name } },
  })
  await cluster.need(
    claim('claim-a', ['ReadWriteMany'], 'nowhere'),
    persistentVolume(volume, ['ReadWriteMany']),
    claim('good', ['ReadWriteMany'], volume),
    modelCache('again', existing('claim-a')),
    pod({ name: 'stranded', ...annotations('again', { 'modelplane.ai/not-ready': 'Gate' }) }),
  )
  expect((await cluster.kubectl(['delete', 'modelcache/again'])).code).toBe(0)
  await cluster.need(modelCache('again', existing('good')))
  const said = await eventually('an Event of the pod', async () => {
    const events = ['get', 'events', '--field-selector', 'reason=CacheReplaced,involvedObject.name=stranded']
    const { stdout } = await cluster.kubectl([...events, '-o', 'jsonpath={.items[*].message}'])
    return stdout || undefined
  })
  expect(said).toContain('the cache now uses claim good at /mnt/model')
  const { stdout } = await cluster.kubectl([
    'get',
    'pod',
    'stranded',
    '-o',
    'jsonpath={.spec.schedulingGates}',
  ])
  expect(stdout).toContain('modelplane.ai/cache-ready')
})

describe('whoever has the token of the controller does not', () => {
  const CONTROLLER = ['--as=system:serviceaccount:modelcache-system:modelcache-controller']
  // kubectl reads a pod before it patches it, and the controller may do that.
  test.each<[string, string[]]>([
    [
      'give a pod another image',
      patch('other', { spec: { containers: [{ name: 'vllm', image: 'evil' }] } }, 'strategic'),
    ],
    ['label a pod', patch('other', { metadata: { labels: { app: 'other' } } })],
    ['annotate it otherwise', patch('other', { metadata: { annotations: { 'example.com/a': 'b' } } })],
    [
      'take off an annotation',
      patch('served', { metadata: { annotations: { 'modelplane.ai/caches': null } } }),
    ],
    [
      'give it an owner',
      patch('other', {
        metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: '1' }] },
      }),
    ],
    [
      'let it tolerate more',
      patch('other', [{ op: 'add', path: '/spec/tolerations/-', value: { operator: 'Exists' } }], 'json'),
    ],
  ])('%s', async (_what, args) => {
    // The controller may not get a single pod: it watches them all.
    await cluster.kubectl(['create', 'role', 'reader', '--verb=get', '--resource=pods'])
    await cluster.kubectl([
      ...['create', 'rolebinding', 'reader', '--role=reader'],
      '--serviceaccount=modelcache-system:modelcache-controller',
    ])
    const { stderr } = await eventually('an answer', async () => {
      const answer = await cluster.kubectl([...CONTROLLER, ...args])
      return answer.stderr.includes('cannot get resource') ? undefined : answer
    })
    expect(stderr).toContain('ControllerLimited: ')
  })
})
