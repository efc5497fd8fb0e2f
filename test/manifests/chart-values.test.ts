import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isCollection, isScalar, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { byName, CHART, kustomize, nameOf, template, tryTemplate } from './support/rendered.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const DIGEST = `sha256:${'ab'.repeat(32)}`

type Change = [path: string, value: unknown, where: string, text: string, ...also: string[]]

function changesOf(role: 'webhook' | 'controller' | 'hub', ...also: string[]): Change[] {
  const deployment = `Deployment/modelcache-system/modelcache-${role}`
  const budget = `PodDisruptionBudget/modelcache-system/modelcache-${role}`
  const rack = { maxSkew: 4, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' }
  const changes: Change[] = [
    [`${role}.replicas`, 3, deployment, '"replicas":3'],
    [`${role}.extraArgs`, ['--health-port=9000'], deployment, '"--health-port=9000"'],
    [`${role}.resources`, { limits: { memory: '2Gi' } }, deployment, '"limits":{"memory":"2Gi"}'],
    [`${role}.nodeSelector`, { pool: 'infra' }, deployment, '"pool":"infra"'],
    [`${role}.tolerations`, [{ key: 'infra' }], deployment, '"tolerations":[{"key":"infra"}]'],
    [`${role}.affinity`, { nodeAffinity: {} }, deployment, '"affinity":{"nodeAffinity":{}}'],
    [`${role}.topologySpreadConstraints`, [rack], deployment, '"topologyKey":"rack"'],
    [`${role}.podDisruptionBudget.maxUnavailable`, '50%', budget, '"maxUnavailable":"50%"'],
    [`${role}.priorityClassName`, 'important', deployment, '"priorityClassName":"important"'],
  ]
  return changes.map(change => [...change, ...also])
}

const webhook = 'Deployment/modelcache-system/modelcache-webhook'

/** A value other than the default, and the prefix that all objects then have in their names. */
const CHANGES: Change[] = [
  ['image.repository', 'registry.example.com/mc', 'Deployment', '"image":"registry.example.com/mc:0.1.0"'],
  ['image.tag', 'v9', 'Deployment', '"image":"modelcache:v9"'],
  ['image.digest', DIGEST, 'Deployment', `"image":"modelcache@${DIGEST}"`],
  ['image.pullPolicy', 'Always', 'Deployment', '"imagePullPolicy":"Always"'],
  ['imagePullSecrets', [{ name: 'pull' }], 'Deployment', '"imagePullSecrets":[{"name":"pull"}]'],
  ['logLevel', 'debug', 'Deployment', '"--log-level=debug"'],
  ['unknownProvisioner', 'Warn', webhook, '"--unknown-provisioner=Warn"'],
  [
    'hydrationMetadata',
    ['example.com/*', 'team.io/a'],
    'Deployment',
    '"--hydration-metadata=example.com/*,team.io/a"',
  ],
  ['clusterName', 'gpu-1', 'Deployment', '"--cluster-name=gpu-1"'],
  [
    ...(['controller.extraEnv', [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }]] as const),
    'Deployment/modelcache-system/modelcache-controller',
    '{"name":"HTTPS_PROXY","value":"http://proxy:3128"}',
  ],
  [
    ...(['excludedNamespaces', ['kube-system', 'infra']] as const),
    'ValidatingAdmissionPolicy/',
    '"values":["kube-system","infra","modelcache-system"]',
  ],
  ['clients.caConfigMapName', 'api-servers', webhook, '"configMap":{"name":"api-servers"}'],
  [
    ...(['clients.names', ['kube-apiserver', 'apiserver two']] as const),
    webhook,
    '"--client-ca-file=/clients/ca.crt","--client-name=kube-apiserver,apiserver two"',
    ...['--set', 'clients.caConfigMapName=api-servers'],
  ],
  ['networkPolicy.metricsNamespace', 'observability', 'NetworkPolicy', '"observability"'],
  ['webhook.workers', 4, webhook, '"--workers=4"'],
  ['webhook.hostNetwork', true, webhook, '"hostNetwork":true'],
  ['webhook.port', 9443, webhook, '"--port=9443"'],
  ['webhook.healthPort', 9080, webhook, '"--health-port=9080"'],
  ['webhook.port', 9443, 'NetworkPolicy/modelcache-system/modelcache-webhook', '"port":9443'],
  ['webhook.healthPort', 9080, 'NetworkPolicy/modelcache-system/modelcache-webhook', '"port":9080'],
  [
    ...(['hydration.defaults', { labels: { team: 'a' } }] as const),
    'Deployment/modelcache-system/modelcache-controller',
    '"--hydration-defaults=/etc/modelcache-hydration/defaults.yaml"',
  ],
  ['webhook.timeoutSeconds', 9, 'MutatingWebhookConfiguration', '"timeoutSeconds":9'],
  ...changesOf('webhook'),
  ...changesOf('controller'),
  ...changesOf('hub', '--set', 'hub.enabled=true'),
  [
    ...(['hub.replicateSecrets', true] as const),
    'Deployment/modelcache-system/modelcache-hub',
    '"--replicate-secrets"',
    ...['--set', 'hub.enabled=true'],
  ],
  ['certificates.secretName', 'own', webhook, '"secretName":"own"', '--set', 'certificates.source=files'],
  [
    ...(['certificates.issuerRef', { name: 'corp', kind: 'ClusterIssuer' }] as const),
    'Certificate',
    '"kind":"ClusterIssuer","name":"corp"',
    ...['--set', 'certificates.source=cert-manager'],
  ],
  [
    ...(['certificates.caBundle', PEM] as const),
    'ValidatingWebhookConfiguration',
    `"caBundle":"${Buffer.from(PEM).toString('base64')}"`,
    ...['--set', 'certificates.source=files'],
  ],
]

/** What only comes if it is asked for, with the objects. */
const ADDITIONS: [path: string, added: string[]][] = [
  ['monitoring.podMonitor', ['PodMonitor/modelcache-system/modelcache']],
  ['monitoring.alerts', ['PrometheusRule/modelcache-system/modelcache']],
  ['monitoring.dashboard', ['ConfigMap/modelcache-system/modelcache-dashboard']],
]

/** A value other than the default, and the objects that it removes. */
const REMOVALS: [path: string, value: unknown, gone: string[]][] = [
  ['networkPolicy.enabled', false, ofBothRoles('NetworkPolicy')],
  [
    ...(['crds.install', false] as const),
    ['inferenceclusters', 'modelcaches', 'modeldeployments'].map(
      name => `CustomResourceDefinition/${name}.modelplane.ai`,
    ),
  ],
  ['webhook.podDisruptionBudget.enabled', false, ofBothRoles('PodDisruptionBudget').slice(1)],
  ['controller.podDisruptionBudget.enabled', false, ofBothRoles('PodDisruptionBudget').slice(0, 1)],
  [
    ...(['certificates.source', 'files'] as const),
    [
      'ClusterRole/modelcache-cabundle',
      'ClusterRoleBinding/modelcache-cabundle',
      'Role/modelcache-system/modelcache-ca',
      'Role/modelcache-system/modelcache-ca-rotation',
      'RoleBinding/modelcache-system/modelcache-ca',
      'RoleBinding/modelcache-system/modelcache-ca-rotation',
      'Secret/modelcache-system/modelcache-webhook-ca',
    ],
  ],
]

function ofBothRoles(kind: string): string[] {
  return ['controller', 'webhook'].map(role => `${kind}/modelcache-system/modelcache-${role}`)
}

const setting = (path: string, value: unknown) => ['--set-json', `${path}=${JSON.stringify(value)}`]

/** The rights that the controller needs in every namespace. */
const EVERYWHERE = 'ValidatingAdmissionPolicy/modelcache-controller-'

test.each(CHANGES)('%s: %j shows in each %s', async (path, value, where, text, ...also) => {
  const isMeant = (name: string) => name.startsWith(where) && !name.startsWith(EVERYWHERE)
  const before = (await template(...also)).filter(object => isMeant(nameOf(object)))
  const after = (await template(...also, ...setting(path, value))).filter(object => isMeant(nameOf(object)))
  expect(before.length).toBeGreaterThan(0)
  for (const object of before) expect(JSON.stringify(object), nameOf(object)).not.toContain(text)
  expect(after.length).toBeGreaterThan(0)
  for (const object of after) expect(JSON.stringify(object), nameOf(object)).toContain(text)
})

test.each(REMOVALS)('%s: %j takes away just what it is about', async (path, value, gone) => {
  const before = Object.keys(byName(await template()))
  const after = Object.keys(byName(await template(...setting(path, value))))
  expect(before.filter(name => !after.includes(name)).toSorted()).toEqual(gone)
  expect(after.filter(name => !before.includes(name))).toEqual([])
})

test.each(ADDITIONS)(
  '%s.enabled: true brings what manifests/monitoring/ has, with its labels',
  async (path, added) => {
    const before = Object.keys(byName(await template()))
    const labels = { team: 'platform' }
    const after = byName(await template(...setting(path, { enabled: true, labels })))
    expect(Object.keys(after).filter(name => !before.includes(name))).toEqual(added)
    const shipped = byName(await kustomize('manifests/monitoring'))
    for (const name of added) {
      const { metadata, ...rest } = after[name] ?? {}
      expect(metadata).toMatchObject({ labels })
      expect(shipped[name]).toMatchObject(rest)
    }
  },
)

test('guard.enabled: true brings the policy that stays behind, as manifests/guard/ has it', async () => {
  const before = Object.keys(byName(await template()))
  const after = byName(await template('--set', 'guard.enabled=true'))
  const added = Object.keys(after).filter(name => !before.includes(name))
  const kinds = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']
  expect(added.toSorted()).toEqual(kinds.map(kind => `${kind}/modelcache-guard`))
  const shipped = byName(await kustomize('manifests/guard'))
  for (const name of added) {
    expect(after[name]?.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' })
    const { metadata: _, ...rest } = after[name] ?? { metadata: {} }
    expect(shipped[name]).toMatchObject(rest)
  }
})

test('hub.podDisruptionBudget.enabled: false takes away that of the hub', async () => {
  const budgets = async (...args: string[]) =>
    (await template('--set', 'hub.enabled=true', ...args)).filter(
      ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === 'modelcache-hub',
    )
  expect(await budgets()).toHaveLength(1)
  expect(await budgets('--set', 'hub.podDisruptionBudget.enabled=false')).toEqual([])
})

test('crds.keep: false lets helm uninstall delete the CRDs', async () => {
  for (const keep of [true, false]) {
    const crds = (await template('--set', `crds.keep=${keep}`)).filter(
      ({ kind }) => kind === 'CustomResourceDefinition',
    )
    expect(crds).toHaveLength(3)
    for (const { metadata } of crds)
      expect(metadata.annotations).toEqual(keep ? { 'helm.sh/resource-policy': 'keep' } : undefined)
  }
})

test.each([
  ['a name that is not known', 'webhook.replica=3', 'replica'],
  ['a failurePolicy', 'webhook.failurePolicy=Ignore', 'failurePolicy'],
  ['a wrong type', 'webhook.replicas=many', 'replicas'],
  ['no number of pods', 'webhook.podDisruptionBudget.maxUnavailable=abc', 'maxUnavailable'],
  ['more than all pods', 'webhook.podDisruptionBudget.maxUnavailable=101%', 'maxUnavailable'],
  ['no quantity', 'controller.resources.limits.memory=lots', 'memory'],
  ['null for a section', 'webhook=null', 'webhook'],
  ['null within one', 'controller.resources=null', 'resources'],
  ['null for a budget', 'webhook.podDisruptionBudget=null', 'podDisruptionBudget'],
  ['no replica', 'webhook.replicas=0', 'replicas'],
  ['an unknown source of certificates', 'certificates.source=none', 'source'],
  ['a digest that is none', 'image.digest=latest', 'digest'],
  ['a caBundle where nobody would look at it', `certificates.caBundle=${PEM}`, 'caBundle'],
  ['an issuer where nobody would look at it', 'certificates.issuerRef.name=corp', 'issuerRef'],
])('%s is denied', async (_what, set, named) => {
  const { code, stderr } = await tryTemplate('--set', set)
  expect(code).not.toBe(0)
  expect(stderr).toContain("don't meet the specifications of the schema")
  expect(stderr).toContain(named)
})

interface Schema {
  $ref?: string | undefined
  description?: string | undefined
  additionalProperties?: unknown
  properties?: Record<string, Schema> | undefined
}
const schema: z.ZodType<Schema> = z.looseObject({
  $ref: z.string().optional(),
  description: z.string().optional(),
  get properties() {
    return z.record(z.string(), schema).optional()
  },
})
const root = z.looseObject({
  definitions: z.record(z.string(), schema),
  properties: z.record(z.string(), schema),
})

test('each value has a comment, an entry in the schema that says what it means, and a test here', () => {
  const text = readFileSync(`${CHART}/values.yaml`, 'utf8')
  const { definitions, properties } = root.parse(
    JSON.parse(readFileSync(`${CHART}/values.schema.json`, 'utf8')),
  )
  const paths: string[] = []
  visit(parseDocument(text), {
    Pair(_, { key, value }, ancestors) {
      const names = [...ancestors, { key }].flatMap(node =>
        'key' in node && isScalar(node.key) ? [String(node.key.value)] : [],
      )
      const described = names.reduce<Schema>((around, name) => resolve(around.properties?.[name]), {
        properties,
      })
      expect(described.description, names.join('.')).toMatch(/\.$/)
      if (isCollection(value) && !value.flow) return isGroup(described) ? undefined : leaf(names, key)
      return leaf(names, key)
    },
  })
  const added = ADDITIONS.flatMap(([path]) => [`${path}.enabled`, `${path}.labels`])
  const tested = [...CHANGES, ...REMOVALS].map(([path]) => path)
  expect(paths.toSorted()).toEqual(
    [
      ...new Set([
        ...tested,
        ...added,
        ...['crds.keep', 'guard.enabled', 'hub.enabled', 'hub.podDisruptionBudget.enabled'],
      ]),
    ].toSorted(),
  )

  function leaf(names: string[], key: unknown) {
    paths.push(names.join('.'))
    const start = isScalar(key) ? (key.range?.[0] ?? 0) : 0
    expect(text.slice(0, start).split('\n').at(-2), names.join('.')).toMatch(/^ *# /)
    return visit.SKIP
  }

  function isGroup(described: Schema): boolean {
    return described.properties !== undefined && described.properties.requests === undefined
  }

  function resolve(found: Schema = {}): Schema {
    const name = found.$ref?.split('/').at(-1)
    return name === undefined ? found : (definitions[name] ?? {})
  }
})
