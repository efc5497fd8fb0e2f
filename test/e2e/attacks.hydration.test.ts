import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { HYDRATOR, hydrationJobOf, type Job } from './support/hydration-jobs.ts'
import { classes, modelCache, pausedCache, pod, readyStatus, soundSpec } from './support/objects.ts'

// Everything that puts a foreign container or foreign words beside the container that writes what pods trust:
// injectors that obey annotations, changes of a suspended Job, and a stolen token of the controller.
const TENANT = ['--as=tenant', '--as-group=tenants', '--as-group=system:authenticated']
const CONTROLLER = ['--as=system:serviceaccount:modelcache-system:modelcache-controller']
const JOB_CONTROLLER = ['--as=system:serviceaccount:kube-system:job-controller']
const CLAIM = 'modelcache--weights'
const JOB = 'modelcache--weights-test'
let cluster: Cluster
let made: Job
let jobUID: string

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes, pausedCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus(CLAIM))
  for (const args of [
    ['rolebinding', 'tenant', '--clusterrole=edit', '--user=tenant'],
    // More rights than the controller has in an installation, because the policies must hold by themselves.
    [
      'rolebinding',
      'controller',
      '--clusterrole=admin',
      '--serviceaccount=modelcache-system:modelcache-controller',
    ],
    ['rolebinding', 'jobs', '--clusterrole=admin', '--serviceaccount=kube-system:job-controller'],
  ]) {
    const { code, stderr } = await cluster.kubectl(['create', ...args])
    expect(code, stderr).toBe(0)
  }
  made = await hydrationJobOf(cluster, 'weights', JOB)
  const { code, stdout, stderr } = await create(
    CONTROLLER,
    { ...made, spec: { ...made.spec, suspend: true } },
    '-o',
    'json',
  )
  expect(code, stderr).toBe(0)
  jobUID = JSON.parse(stdout).metadata.uid
  await cluster.setStatus('modelcache/weights', { hydration: { jobName: JOB, jobUID } })
})

const create = (who: string[], object: object, ...flags: string[]) =>
  cluster.kubectl([...who, 'create', ...flags, '-f', '-'], JSON.stringify(object))

const patch = (changes: object, type = 'merge') => [
  'patch',
  'job',
  JOB,
  `--type=${type}`,
  '-p',
  JSON.stringify(changes),
]

describe('labels and annotations that injectors obey are denied in', () => {
  test.each<[string, object]>([
    ['annotations of Vault', { annotations: { 'vault.hashicorp.com/agent-inject': 'true' } }],
    ['its volumes', { annotations: { 'vault.hashicorp.com/agent-copy-volume-mounts': 'hydrate' } }],
    ['annotations of Istio', { annotations: { 'inject.istio.io/templates': 'mine' } }],
    ['a volume of Istio', { annotations: { 'sidecar.istio.io/userVolumeMount': '[]' } }],
    ['annotations of Linkerd', { annotations: { 'config.linkerd.io/proxy-image': 'evil' } }],
    ['annotations of Dapr', { annotations: { 'dapr.io/enabled': 'true' } }],
    [
      'annotations of OpenTelemetry',
      { annotations: { 'instrumentation.opentelemetry.io/inject-nodejs': 'mine' } },
    ],
    ['labels of Datadog', { labels: { 'admission.datadoghq.com/enabled': 'true' } }],
    ['a sidecar of Azure', { annotations: { 'azure.workload.identity/inject-proxy-sidecar': 'true' } }],
    ['our own', { annotations: { 'modelplane.ai/hydrator-image': 'evil' } }],
  ])('%s', async (_what, hydration) => {
    const { code, stderr } = await cluster.apply(modelCache('injected', soundSpec({ hydration })), ...TENANT)
    expect(code).toBe(1)
    expect(stderr).toContain('HydrationMetadataNotAllowed: ')
  })

  test.each<[string, object]>([
    ['a key that is none', { annotations: { 'a b': 'x' } }],
    ['a value that is none', { labels: { team: 'a b' } }],
    ['more than 16 KiB', { annotations: { a: 'x'.repeat(9_000), b: 'x'.repeat(9_000) } }],
  ])('and so is %s', async (_what, hydration) => {
    const { code, stderr } = await cluster.apply(modelCache('malformed', soundSpec({ hydration })), ...TENANT)
    expect(code).toBe(1)
    expect(stderr).toContain('HydrationMetadataInvalid: ')
  })

  test('and those that people use are not', async () => {
    const labels = {
      team: 'search',
      'azure.workload.identity/use': 'true',
      'kueue.x-k8s.io/queue-name': 'nightly',
    }
    const annotations = {
      'cost-center': '42',
      'linkerd.io/inject': 'enabled',
      'karpenter.sh/do-not-disrupt': 'true',
    }
    const cache = pausedCache('labelled', soundSpec({ hydration: { labels, annotations } }))
    const { code, stderr } = await cluster.apply(cache, ...TENANT)
    expect(code, stderr).toBe(0)
  })
})

describe('a hydration pod as injectors leave it is denied with', () => {
  type Spec = { containers: Record<string, unknown>[] } & Record<string, unknown>
  const mount = { name: 'volume', mountPath: '/loot' }
  const agent = (volumeMounts: object[]) => ({ name: 'agent', image: 'evil', volumeMounts })
  const spec = () => structuredClone(made.spec.template.spec) as unknown as Spec

  /** The pod that the Job controller would create, after a webhook has changed its spec. */
  function injected(change: (spec: Spec) => Spec): object {
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: JOB, uid: jobUID, controller: true }
    const metadata = { ...made.spec.template.metadata, name: `${JOB}-abcde`, ownerReferences: [owner] }
    return { apiVersion: 'v1', kind: 'Pod', metadata, spec: change(spec()) }
  }

  test.each<[string, (spec: Spec) => Spec]>([
    ['a sidecar that writes', found => ({ ...found, containers: [...found.containers, agent([mount])] })],
    [
      'a sidecar that reads',
      found => ({ ...found, containers: [...found.containers, agent([{ ...mount, readOnly: true }])] }),
    ],
    ['an init container', found => ({ ...found, initContainers: [agent([mount])] })],
    [
      'a native sidecar',
      found => ({ ...found, initContainers: [{ ...agent([mount]), restartPolicy: 'Always' }] }),
    ],
    [
      'a second volume on the claim',
      found => ({
        ...found,
        containers: [...found.containers, agent([{ ...mount, name: 'again' }])],
        volumes: [
          ...(found.volumes as object[]),
          { name: 'again', persistentVolumeClaim: { claimName: CLAIM } },
        ],
      }),
    ],
    [
      'another image',
      found => ({ ...found, containers: found.containers.map(each => ({ ...each, image: 'evil' })) }),
    ],
    [
      'an image that begins alike',
      found => ({
        ...found,
        containers: found.containers.map(each => ({ ...each, image: `${HYDRATOR}.2` })),
      }),
    ],
    [
      'processes that a sidecar sees',
      found => ({ ...found, containers: [...found.containers, agent([])], shareProcessNamespace: true }),
    ],
  ])('%s', async (_what, change) => {
    const { code, stderr } = await create(JOB_CONTROLLER, injected(change))
    expect(code).toBe(1)
    expect(stderr).toMatch(/HydrationProtected: |ClaimWritable: /)
  })

  test.each<[string, (spec: Spec) => Spec]>([
    ['nothing', found => found],
    ['a sidecar without the claim', found => ({ ...found, containers: [...found.containers, agent([])] })],
    [
      'the digest of its image',
      found => ({
        ...found,
        containers: found.containers.map(each => ({
          ...each,
          image: `${HYDRATOR}@sha256:${'0'.repeat(64)}`,
        })),
      }),
    ],
  ])('and is taken with %s', async (_what, change) => {
    const { code, stderr } = await create(JOB_CONTROLLER, injected(change), '--dry-run=server')
    expect(code, stderr).toBe(0)
  })
})

describe('an injector that looks at namespaces alone', () => {
  const container = (mounts: string) =>
    `Object.spec.containers{name: "agent", image: "evil", volumeMounts: [${mounts}]}`
  const MOUNT = 'Object.spec.containers.volumeMounts{name: "volume", mountPath: "/loot"}'

  /** Adds a container to each pod of the namespace, and waits until that works. */
  async function inject(mounts: string): Promise<void> {
    const name = `inject-${cluster.namespace}`
    const expression = `[JSONPatch{op: "add", path: "/spec/containers/-", value: ${container(mounts)}}]`
    const policy = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': cluster.namespace } },
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
          ],
        },
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
      },
    }
    const binding = { ...policy, kind: 'MutatingAdmissionPolicyBinding', spec: { policyName: name } }
    await cluster.need(policy, binding)
    const volumes = [{ name: 'volume', emptyDir: {} }]
    const probe = pod({ name: 'probe' }, { containers: [{ name: 'main', image: 'any' }], volumes })
    await eventually('the injector', async () => {
      const { stdout } = await create([], probe, '--dry-run=server', '-o', 'json')
      return (stdout.includes('"agent"') && stdout.includes('"/loot"') === (mounts !== '')) || undefined
    })
  }

  const created = async () =>
    (
      await cluster.kubectl([
        'get',
        'pods',
        '-l',
        `job-name=${JOB}`,
        '-o',
        'jsonpath={..spec.containers[*].name}',
      ])
    ).stdout

  test('gets no container with the claim into the pod that the real Job controller makes, and one without it', async () => {
    await inject(MOUNT)
    const resumed = await cluster.kubectl([...CONTROLLER, ...patch({ spec: { suspend: false } })])
    expect(resumed.code, resumed.stderr).toBe(0)
    const words = await eventually('an Event', async () => {
      const selector = `reason=FailedCreate,involvedObject.name=${JOB}`
      const { stdout } = await cluster.kubectl([
        ...['get', 'events', '--field-selector', selector, '-o', 'jsonpath={.items[*].message}'],
      ])
      return stdout || undefined
    })
    expect(words).toMatch(/HydrationProtected: |ClaimWritable: /)
    expect(await created()).toBe('')
    await inject('')
    expect(await eventually('a pod', async () => (await created()) || undefined)).toBe('hydrate agent')
    await cluster.kubectl([
      'delete',
      'mutatingadmissionpolicy,mutatingadmissionpolicybinding',
      `inject-${cluster.namespace}`,
    ])
    const suspended = await cluster.kubectl([...CONTROLLER, ...patch({ spec: { suspend: true } })])
    expect(suspended.code, suspended.stderr).toBe(0)
  })
})

describe('the hydration Job', () => {
  test.each<[string, string[]]>([
    ['annotations of its pods', patch({ spec: { template: { metadata: { annotations: { a: 'b' } } } } })],
    ['labels of its pods', patch({ spec: { template: { metadata: { labels: { a: 'b' } } } } })],
    [
      'resources',
      patch(
        {
          spec: {
            template: { spec: { containers: [{ name: 'hydrate', resources: { limits: { cpu: '9' } } }] } },
          },
        },
        'strategic',
      ),
    ],
    ['owners', patch({ metadata: { ownerReferences: null } })],
    ['finalizers', patch({ metadata: { finalizers: ['example.com/stays'] } })],
    ['labels', ['label', 'job', JOB, 'a=b']],
    ['record of what it was made from', ['annotate', 'job', JOB, 'modelplane.ai/made-from=x', '--overwrite']],
    ['parallelism', patch({ spec: { parallelism: 2 } })],
    ['deadline', patch({ spec: { activeDeadlineSeconds: 1 } })],
  ])('keeps its %s while it is suspended', async (_what, args) => {
    const { code, stderr } = await cluster.kubectl([...TENANT, ...args])
    expect(code).toBe(1)
    expect(stderr).toContain('HydrationProtected: ')
  })

  test.each(['background', 'orphan', 'foreground'])(
    'is not deleted by a tenant, in the %s',
    async cascade => {
      const { code, stderr } = await cluster.kubectl([
        ...TENANT,
        'delete',
        'job',
        JOB,
        `--cascade=${cascade}`,
        '--wait=false',
      ])
      expect(code).toBe(1)
      expect(stderr).toMatch(/HydrationProtected: .*modelplane\.ai\/refetch/)
    },
  )

  test('may be suspended, annotated and given other nodes by whoever may change Jobs, such as a queue', async () => {
    const spec = { nodeSelector: { pool: 'a' }, tolerations: [{ operator: 'Exists' }] }
    const metadata = { labels: { 'kueue.x-k8s.io/podset': 'main' } }
    for (const args of [
      patch({ spec: { suspend: true } }),
      ['annotate', 'job', JOB, 'note=x'],
      ['label', 'job', JOB, 'kueue.x-k8s.io/priority-class=low'],
      patch({ spec: { template: { metadata, spec } } }),
    ]) {
      const { code, stderr } = await cluster.kubectl([...TENANT, ...args])
      expect(code, stderr).toBe(0)
    }
  })

  test.each(['http:NAME:8080', 'https:NAME:8080', ':NAME:8080', 'NAME:8080', 'http:NAME:'])(
    'has a pod that is not reached by a proxy to %s',
    async spelling => {
      const name = spelling.replace('NAME', `${JOB}-abcde`)
      const path = `/api/v1/namespaces/${cluster.namespace}/pods/${name}/proxy/`
      const { code, stderr } = await cluster.kubectl([...TENANT, 'get', '--raw', path])
      expect(code).toBe(1)
      expect(stderr).toContain('HydrationProtected: ')
    },
  )
})

describe('whoever has the token of the controller makes no Job', () => {
  type Change = (job: Job) => object
  const inSpec =
    (change: object): Change =>
    job => ({
      ...job,
      spec: {
        ...job.spec,
        template: { ...job.spec.template, spec: { ...job.spec.template.spec, ...change } },
      },
    })
  const inContainer =
    (change: object): Change =>
    job =>
      inSpec({ containers: job.spec.template.spec.containers.map(each => ({ ...each, ...change })) })(job)
  const inMetadata =
    (change: object): Change =>
    job => ({ ...job, metadata: { ...job.metadata, ...change } })
  const privileged = { securityContext: { privileged: true } }
  const volumes =
    (volume: object): Change =>
    job => {
      const others = (job.spec.template.spec.volumes as { name: string }[]).filter(
        ({ name }) => name !== 'volume',
      )
      return inSpec({ volumes: [...others, { name: 'volume', ...volume }] })(job)
    }

  test.each<[string, Change]>([
    ['of another name', inMetadata({ name: 'any' })],
    ['without an owner', inMetadata({ ownerReferences: [] })],
    [
      'of another owner',
      inMetadata({
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x', controller: true }],
      }),
    ],
    ['with a privileged container', inContainer(privileged)],
    [
      'with more capabilities',
      inContainer({
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] },
        },
      }),
    ],
    ['that may gain privileges', inContainer({ securityContext: { capabilities: { drop: ['ALL'] } } })],
    ['without a seccomp profile', inSpec({ securityContext: {} })],
    ['with the network of the node', inSpec({ hostNetwork: true })],
    ['with the processes of the node', inSpec({ hostPID: true })],
    ['with the IPC of the node', inSpec({ hostIPC: true })],
    ['on a node of its choice', inSpec({ nodeName: 'control-plane' })],
    ['with a token', inSpec({ automountServiceAccountToken: true })],
    ['with a token, by default', inSpec({ automountServiceAccountToken: undefined })],
    [
      'with a token as a volume',
      volumes({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }),
    ],
    ['with a folder of the node', volumes({ hostPath: { path: '/' } })],
    ['with a claim of somebody', volumes({ persistentVolumeClaim: { claimName: 'data' } })],
    ['with a driver of the node', volumes({ csi: { driver: 'evil' } })],
    [
      'with a second container',
      job =>
        inSpec({ containers: [...job.spec.template.spec.containers, { name: 'b', image: 'evil' }] })(job),
    ],
    ['with an init container', inSpec({ initContainers: [{ name: 'b', image: 'evil' }] })],
    ['with a Secret among its variables', inContainer({ envFrom: [{ secretRef: { name: 'x' } }] })],
    [
      'with a key of a Secret among them',
      inContainer({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } }] }),
    ],
  ])('%s', async (_what, change) => {
    const job = await hydrationJobOf(cluster, 'weights', 'modelcache--forged')
    const { code, stderr } = await create(CONTROLLER, change(job))
    expect(code).toBe(1)
    expect(stderr).toContain('ControllerLimited: ')
  })

  test.each(['kube-system', 'modelcache-system'])('in %s', async namespace => {
    const { code, stderr } = await cluster.kubectl(
      ['create', '-f', '-', '-n', namespace, ...CONTROLLER, '--dry-run=server'],
      JSON.stringify({ ...made, metadata: { ...made.metadata, namespace } }),
    )
    expect(code).toBe(1)
    expect(stderr).toContain('ControllerLimited: ')
  })

  test.each<[string, string[]]>([
    ['changes the pods of one', patch({ spec: { template: { metadata: { annotations: { a: 'b' } } } } })],
    ['deletes one of another name', ['delete', 'job', 'other', '--wait=false']],
    ['deletes a claim of somebody', ['delete', 'pvc', 'data', '--wait=false']],
    ['changes what a ModelCache asks for', ['label', 'modelcache/weights', 'a=b']],
  ])('nor %s', async (_what, args) => {
    const container = { name: 'main', image: 'any' }
    const other = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'other' },
      spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
    }
    const data = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    }
    await cluster.need(other, data)
    const { stderr } = await eventually('an answer', async () => {
      const answer = await cluster.kubectl([...CONTROLLER, ...args])
      expect(answer.code).toBe(1)
      return answer
    })
    expect(stderr).toContain('ControllerLimited: ')
  })

  test.each<[string, object]>([
    ['of another name', { metadata: { name: 'any' } }],
    ['without an owner', { metadata: { ownerReferences: [] } }],
    ['with the bytes of another', { spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'data' } } }],
    ['on a volume of its choice', { spec: { volumeName: 'theirs' } }],
  ])('nor a claim %s', async (_what, { metadata = {}, spec = {} }: { metadata?: object; spec?: object }) => {
    const { ownerReferences } = made.metadata
    const object = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'modelcache--forged', ownerReferences, ...metadata },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } }, ...spec },
    }
    const { code, stderr } = await create(CONTROLLER, object)
    expect(code).toBe(1)
    expect(stderr).toContain('ControllerLimited: ')
  })
})

describe('a Job that its administrator leaves without its pods', () => {
  test('goes, and its cache too', async () => {
    const running = await hydrationJobOf(cluster, 'weights', 'modelcache--left')
    expect((await create(CONTROLLER, running)).code).toBe(0)
    const { uid } = JSON.parse(JSON.stringify(await cluster.get('job/modelcache--left'))).metadata
    await cluster.setStatus('modelcache/weights', { hydration: { jobName: 'modelcache--left', jobUID: uid } })
    const pods = ['get', 'pods', '-l', 'job-name=modelcache--left', '-o']
    await eventually('a pod', async () => (await cluster.kubectl([...pods, 'name'])).stdout || undefined)
    const left = await cluster.kubectl([
      'delete',
      'job/modelcache--left',
      '--cascade=orphan',
      '--timeout=180s',
    ])
    expect(left.code, left.stderr).toBe(0)
    expect((await cluster.kubectl([...pods, 'jsonpath={.items[*].metadata.ownerReferences}'])).stdout).toBe(
      '',
    )
    const gone = await cluster.kubectl(['delete', 'modelcache/weights', '--timeout=180s'])
    expect(gone.code, gone.stderr).toBe(0)
  })
})
