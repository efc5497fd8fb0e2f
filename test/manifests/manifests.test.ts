import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { WORKLOAD_KINDS } from '../../src/admission/workload/kinds.ts'
import { artifactSource } from '../../src/api/artifact-source.ts'
import { CA_SECRET } from '../../src/certs/authority-secret.ts'
import { runCommand } from '../testbed/command.ts'
import type { KubeObject } from '../testbed/objects.ts'
import { YOUNG_GENERATION } from '../testbed/shipped-heap.ts'
import { byName, inRepository, kustomize, NAMESPACE } from './support/rendered.ts'

let shipped: KubeObject[]
beforeAll(async () => {
  shipped = await kustomize('manifests')
})

const labels = z.record(z.string(), z.string())
const container = z.looseObject({
  args: z.array(z.string()),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number(), protocol: z.string() })),
  resources: z.object({ requests: labels, limits: labels }),
})
const deployment = z.object({
  metadata: z.object({ labels }),
  spec: z.object({
    selector: z.object({ matchLabels: labels }),
    template: z.object({
      metadata: z.object({ labels }),
      spec: z.looseObject({ serviceAccountName: z.string(), containers: z.tuple([container]) }),
    }),
  }),
})

function deploymentOf(role: string) {
  return deployment.parse(byName(shipped)[`Deployment/${NAMESPACE}/modelcache-${role}`])
}

test('one version is written everywhere', () => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(inRepository('package.json'), 'utf8')))
  const chart: unknown = parse(readFileSync(inRepository('chart/Chart.yaml'), 'utf8'))
  expect(chart).toMatchObject({ version, appVersion: version })
  for (const { metadata } of shipped)
    expect(metadata.labels, metadata.name).toMatchObject({
      'app.kubernetes.io/name': 'modelcache',
      'app.kubernetes.io/part-of': 'modelcache',
      'app.kubernetes.io/version': version,
    })
  for (const role of ['webhook', 'controller'])
    expect(deploymentOf(role).spec.template.spec.containers[0].image).toBe(`modelcache:${version}`)
})

describe.each(['webhook', 'controller'])('Deployment modelcache-%s', role => {
  test('selects its own pods, by what never changes', () => {
    const { selector, template } = deploymentOf(role).spec
    expect(selector.matchLabels).toEqual({
      'app.kubernetes.io/name': 'modelcache',
      'app.kubernetes.io/component': role,
    })
    expect(template.metadata.labels).toMatchObject(selector.matchLabels)
    expect(byName(shipped)[`PodDisruptionBudget/${NAMESPACE}/modelcache-${role}`]).toMatchObject({
      spec: { selector: { matchLabels: selector.matchLabels } },
    })
    expect(byName(shipped)[`NetworkPolicy/${NAMESPACE}/modelcache-${role}`]).toMatchObject({
      spec: { podSelector: { matchLabels: selector.matchLabels } },
    })
  })

  test.each(['manifests', 'certs/cert-manager'])(
    'of %s has no argument that the role does not know',
    async folder => {
      const rendered = byName(await kustomize(folder))[`Deployment/${NAMESPACE}/modelcache-${role}`]
      const { args } = deployment.parse(rendered).spec.template.spec.containers[0]
      // An unknown option is an error even beside --help.
      const asked = await runCommand(process.execPath, [inRepository('src/main.ts'), ...args, '--help'])
      expect(asked.code, asked.stderr).toBe(0)
      expect(args[0]).toBe(role)
    },
  )

  test('bounds its heap as the tests and benchmarks do', () => {
    const [{ env }] = deploymentOf(role).spec.template.spec.containers
    const options = env.find(({ name }) => name === 'NODE_OPTIONS')?.value
    expect(options).toBe(`--max-old-space-size-percentage=60 ${YOUNG_GENERATION}`)
  })

  test('asks for its token itself', () => {
    const { spec } = deploymentOf(role).spec.template
    expect(spec).toMatchObject({ automountServiceAccountToken: true, enableServiceLinks: false })
    expect(byName(shipped)[`ServiceAccount/${NAMESPACE}/${spec.serviceAccountName}`]).toMatchObject({
      automountServiceAccountToken: false,
    })
  })
})

test('the NetworkPolicies open the ports that the pods have, and only those', () => {
  const port = z.object({ port: z.number(), protocol: z.string() })
  const policy = z.object({
    spec: z.object({
      ingress: z.array(z.object({ from: z.array(z.unknown()).optional(), ports: z.array(port) })),
    }),
  })
  for (const role of ['webhook', 'controller']) {
    const { ports } = deploymentOf(role).spec.template.spec.containers[0]
    const { ingress } = policy.parse(byName(shipped)[`NetworkPolicy/${NAMESPACE}/modelcache-${role}`]).spec
    const opened = ingress.flatMap(rule =>
      rule.ports.map(open => ({ ...open, anywhere: rule.from === undefined })),
    )
    expect(opened).toEqual(
      ports.map(({ name, containerPort, protocol }) => ({
        port: containerPort,
        protocol,
        anywhere: name === 'https',
      })),
    )
    expect(ingress.flatMap(rule => rule.from ?? [])).toEqual([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
    ])
  }
})

const webhooks = z.object({
  webhooks: z.array(
    z.looseObject({
      name: z.string(),
      clientConfig: z.strictObject({
        service: z.strictObject({
          name: z.string(),
          namespace: z.string(),
          path: z.string(),
          port: z.number(),
        }),
      }),
      matchConditions: z.array(z.unknown()).min(1),
      failurePolicy: z.string(),
      sideEffects: z.literal('None'),
      timeoutSeconds: z.literal(5),
    }),
  ),
})

test('the webhook configurations name the Service, have no caBundle, and fail open for advice and administrators alone', () => {
  const all = [
    'MutatingWebhookConfiguration/modelcache-mutating',
    'ValidatingWebhookConfiguration/modelcache-validating',
  ]
    .map(name => webhooks.parse(byName(shipped)[name]))
    .flatMap(configuration => configuration.webhooks)
  expect(all).toHaveLength(10)
  const service = byName(shipped)[`Service/${NAMESPACE}/modelcache-webhook`]
  for (const { name, clientConfig, failurePolicy } of all) {
    expect(clientConfig.service).toMatchObject({
      name: 'modelcache-webhook',
      namespace: NAMESPACE,
      port: 443,
    })
    expect(service).toMatchObject({ spec: { ports: [{ port: 443, targetPort: 'https' }] } })
    expect(failurePolicy, name).toBe(
      /workloads|modeldeployments|inferenceclusters|by-administrators/.test(name) ? 'Ignore' : 'Fail',
    )
  }
})

test('the policy for credentials asks about every Secret that a source may name', () => {
  const text = JSON.stringify(byName(shipped)['ValidatingAdmissionPolicy/modelcache-credentials'])
  const { 'pvc-clone': _reserved, ...sources } = artifactSource.shape
  const shapes = Object.entries(sources).map(([name, schema]) => [name, schema.unwrap().shape] as const)
  const named = shapes.filter(([, shape]) => 'secretRef' in shape).map(([name]) => name)
  expect(named.length).toBeGreaterThan(0)
  for (const name of named) expect(text).toContain(`.?${name}.?secretRef.?name`)
})

test('the webhooks for workloads hear of the kinds that the rules know', () => {
  const rules = z.object({
    webhooks: z.array(
      z.object({
        name: z.string(),
        rules: z.array(z.object({ apiGroups: z.array(z.string()), resources: z.array(z.string()) })),
      }),
    ),
  })
  const heard = rules
    .parse(byName(shipped)['ValidatingWebhookConfiguration/modelcache-validating'])
    .webhooks.filter(({ name }) => name.includes('workloads.'))
    .flatMap(webhook => webhook.rules)
    .flatMap(({ apiGroups, resources }) => resources.map(resource => `${apiGroups[0]}/${resource}`))
  expect(heard.toSorted()).toEqual(
    WORKLOAD_KINDS.map(({ group, resource }) => `${group}/${resource}`).toSorted(),
  )
})

test('the one Secret is installed without data, and no ConfigMap is, so an upgrade leaves the CA and the log level alone', () => {
  const found = shipped.filter(({ kind }) => kind === 'Secret' || kind === 'ConfigMap')
  expect(found.map(({ metadata }) => metadata.name)).toEqual([CA_SECRET])
  expect(found[0]).not.toHaveProperty('data')
  expect(found[0]).not.toHaveProperty('stringData')
})
