import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CHART, helm, inRepository, NAMESPACE } from '../manifests/rendered.ts'
import { ensureBinaries } from '../testbed/binaries.ts'
import { type CommandResult, outputOf } from '../testbed/command.ts'
import { type ControlPlane, startControlPlane } from '../testbed/controlplane.ts'
import { type Kubectl, kubectlFor } from '../testbed/kubectl.ts'
import { eventually } from './cluster.ts'
import { annotations, pod } from './objects.ts'

// The commands of docs/installation.md on a control plane of their own, that has no node: pods stay Pending, and the API
// server cannot reach the webhook. The parts build on one another.
const MANIFESTS = inRepository('manifests')
let dir: string
let controlPlane: ControlPlane
let run: Kubectl

beforeAll(async () => {
  const { kubectl } = await ensureBinaries(() => {})
  dir = await mkdtemp(join(tmpdir(), 'modelcache-install-'))
  controlPlane = await startControlPlane({ dir, binaries: await ensureBinaries(() => {}) })
  run = kubectlFor(kubectl, controlPlane.kubeconfig, dir)
})
afterAll(async () => {
  await controlPlane?.stop()
  if (dir !== undefined) await rm(dir, { recursive: true, force: true })
})

async function kubectl(...args: string[]): Promise<string> {
  return outputOf(await run(args), `kubectl ${args.join(' ')}`)
}

/** helm in the namespace of the product, with the files of the cluster's administrator. */
function helmHere(...args: string[]): Promise<CommandResult> {
  return helm([...args, '-n', NAMESPACE], { KUBECONFIG: controlPlane.kubeconfig })
}

async function helmSucceeds(...args: string[]): Promise<string> {
  return outputOf(await helmHere(...args), `helm ${args.join(' ')}`)
}

const items = z.object({
  items: z.array(
    z.looseObject({ metadata: z.looseObject({ name: z.string(), generation: z.number().optional() }) }),
  ),
})

async function namesOf(kind: string, ...args: string[]): Promise<string[]> {
  const { items: found } = items.parse(JSON.parse(await kubectl('get', kind, '-o', 'json', ...args)))
  return found.map(({ metadata }) => metadata.name).filter(name => name.includes('modelcache'))
}

async function generations() {
  const { items: found } = items.parse(
    JSON.parse(await kubectl('get', 'deployments', '-n', NAMESPACE, '-o', 'json')),
  )
  return Object.fromEntries(found.map(({ metadata }) => [metadata.name, metadata.generation]))
}

const ask = (object: object) =>
  run(['create', '-n', 'default', '--dry-run=server', '-f', '-'], JSON.stringify(object))
const asking = pod(annotations('weights'))

/** The API server learns of webhooks and policies late. */
async function untilPodsThatAskAre(verdict: 'refused' | 'admitted'): Promise<void> {
  await eventually(`a pod that asks for a cache is ${verdict}`, async () => {
    const { code } = await ask(asking)
    return (code === 0) === (verdict === 'admitted') || undefined
  })
}

async function expectNothingInTheWay(): Promise<void> {
  for (const kind of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'])
    expect(await namesOf(kind)).toEqual([])
  for (const kind of ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'])
    expect(await namesOf(kind)).toEqual([])
  await untilPodsThatAskAre('admitted')
  const { code, stderr } = await ask(pod({}))
  expect(code, stderr).toBe(0)
}

const CONFIGURATIONS = {
  'mutatingwebhookconfiguration/modelcache-mutating': ['pods.modelplane.ai'],
  'validatingwebhookconfiguration/modelcache-validating': ['modelcaches.modelplane.ai', 'jobs.modelplane.ai'],
}
const CA = Buffer.from('-----BEGIN CERTIFICATE-----\nany\n-----END CERTIFICATE-----\n').toString('base64')

/** Leaves what the product makes while it runs: the CA's Secret, and its certificate in the configurations. */
async function pretendToHaveRun(): Promise<void> {
  const secret = ['create', 'secret', 'generic', 'modelcache-webhook-ca', '--from-literal=ca.crt=any']
  await kubectl('-n', NAMESPACE, ...secret)
  for (const [configuration, names] of Object.entries(CONFIGURATIONS)) {
    const [kind = '', name = ''] = configuration.split('/')
    const object = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: kind.startsWith('mutating') ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration',
      metadata: { name },
      webhooks: names.map(webhook => ({
        name: webhook,
        clientConfig: { caBundle: CA },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      })),
    }
    const apply = ['apply', '--server-side', '--field-manager=modelcache', '--force-conflicts', '-f', '-']
    outputOf(await run(apply, JSON.stringify(object)), `writing caBundle of ${name}`)
  }
}

async function expectItIsStillThere(): Promise<void> {
  expect(await kubectl('-n', NAMESPACE, 'get', 'secret/modelcache-webhook-ca', '-o', 'name')).not.toBe('')
  for (const [configuration, names] of Object.entries(CONFIGURATIONS)) {
    for (const name of names) {
      const path = `jsonpath={.webhooks[?(@.name=="${name}")].clientConfig.caBundle}`
      expect(await kubectl('get', configuration, '-o', path), name).toBe(CA)
    }
  }
}

describe('kubectl apply -k manifests/', () => {
  test.each([
    ['client-side', []],
    ['server-side, over that', ['--server-side', '--force-conflicts']],
  ])('%s: the second time changes nothing', async (_how, flags) => {
    await kubectl('apply', ...flags, '-k', MANIFESTS)
    const before = await generations()
    expect(Object.keys(before)).toEqual(['modelcache-controller', 'modelcache-webhook'])
    const again = (await kubectl('apply', ...flags, '-k', MANIFESTS)).trim().split('\n')
    for (const line of again) expect(line).toMatch(/ (unchanged|serverside-applied)$/)
    expect(await generations()).toEqual(before)
  })

  test('brings no warning, of PodSecurity or of anything else', async () => {
    const { code, stdout, stderr } = await run([
      'apply',
      '--server-side',
      '--dry-run=server',
      '-k',
      MANIFESTS,
    ])
    expect(code, stderr).toBe(0)
    expect(stdout).toContain('deployment.apps/modelcache-webhook serverside-applied (server dry run)')
    expect(stderr).toBe('')
  })

  test('lets the Deployments make their pods, under PodSecurity restricted', async () => {
    await eventually('two pods of each role', async () => {
      const pods = (await namesOf('pods', '-n', NAMESPACE)).map(name => name.split('-')[1]).toSorted()
      return pods.join() === 'controller,controller,webhook,webhook' || undefined
    })
  })

  test('keeps the CA and caBundle when it is applied again', async () => {
    await pretendToHaveRun()
    await kubectl('apply', '--server-side', '-k', MANIFESTS)
    await expectItIsStillThere()
  })

  test('is not taken over by Helm by accident, but is when told to', async () => {
    const install = ['install', 'modelcache', CHART]
    const refused = await helmHere(...install)
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('invalid ownership metadata')
    await helmSucceeds(...install, '--take-ownership')
    await expectItIsStillThere()
    await helmSucceeds('uninstall', 'modelcache')
    await expectNothingInTheWay()
  })

  test('is undone: first what the API server asks, then the rest, and the CRDs only if all caches are to go', async () => {
    await kubectl('apply', '--server-side', '--force-conflicts', '-k', MANIFESTS)
    await untilPodsThatAskAre('refused')
    const [webhooks, policies, rbac, users, namespace] = [
      ...['webhooks', 'policies', 'rbac', 'rbac-users', 'namespace'],
    ].map(name => join(MANIFESTS, `${name}.yaml`))
    await kubectl('delete', '-f', `${webhooks}`, '-f', `${policies}`)
    await expectNothingInTheWay()
    await kubectl('delete', '-f', `${rbac}`, '-f', `${users}`, '-f', `${namespace}`)
    expect((await namesOf('crds', '-l', 'app.kubernetes.io/name=modelcache')).length).toBe(1)
    for (const kind of ['clusterroles', 'clusterrolebindings', 'namespaces'])
      expect(await namesOf(kind)).toEqual([])
    await kubectl('delete', '-f', join(MANIFESTS, 'crds'))
  })

  test('is undone by kubectl delete -k manifests/ at once, too', async () => {
    await kubectl('apply', '-k', MANIFESTS)
    await untilPodsThatAskAre('refused')
    await kubectl('delete', '-k', MANIFESTS)
    await expectNothingInTheWay()
    expect(await namesOf('namespaces')).toEqual([])
  })
})

describe('helm', () => {
  test('installs into a namespace that it makes, and says how to tell when it is armed', async () => {
    const notes = await helmSucceeds('install', 'modelcache', CHART, '--create-namespace')
    const [, command = ''] = /^ {4}kubectl (.* rollout status .*)$/m.exec(notes) ?? []
    const status = await kubectl(...command.split(' '), '--watch=false')
    expect(status.match(/Waiting for deployment "modelcache-(webhook|controller)" rollout/g)).toHaveLength(2)
    const [, label = ''] = /^ {4}kubectl (label .*)$/m.exec(notes) ?? []
    await kubectl(...label.split(' '))
    expect(await helmSucceeds('get', 'notes', 'modelcache')).toBeTruthy()
    await untilPodsThatAskAre('refused')
  })

  test('upgrades with a changed value, and keeps the CA and caBundle', async () => {
    await pretendToHaveRun()
    const before = await generations()
    const changed = ['webhook.replicas=3', 'webhook.timeoutSeconds=7'].flatMap(value => ['--set', value])
    await helmSucceeds('upgrade', 'modelcache', CHART, ...changed)
    const timeout = 'jsonpath={.webhooks[0].timeoutSeconds}'
    expect(await kubectl('get', 'mutatingwebhookconfiguration/modelcache-mutating', '-o', timeout)).toBe('7')
    expect(await generations()).toMatchObject({
      'modelcache-webhook': (before['modelcache-webhook'] ?? 0) + 1,
      'modelcache-controller': before['modelcache-controller'],
    })
    await expectItIsStillThere()
  })

  test('upgrades the CRDs', async () => {
    const remove = '[{"op":"remove","path":"/spec/versions/0/additionalPrinterColumns"}]'
    const columns = [
      'get',
      'crd/modelcaches.modelplane.ai',
      '-o',
      'jsonpath={.spec.versions[0].additionalPrinterColumns}',
    ]
    const shipped = await kubectl(...columns)
    await kubectl('patch', 'crd/modelcaches.modelplane.ai', '--type=json', '-p', remove)
    expect(await kubectl(...columns)).toBe('')
    await helmSucceeds('upgrade', 'modelcache', CHART)
    expect(await kubectl(...columns)).toBe(shipped)
  })

  test('uninstalls: nothing is in the way of a pod, and the CRDs with their caches stay', async () => {
    await untilPodsThatAskAre('refused')
    await helmSucceeds('uninstall', 'modelcache')
    await expectNothingInTheWay()
    expect(await kubectl('get', 'crd/modelcaches.modelplane.ai', '-o', 'name')).not.toBe('')
    for (const kind of ['clusterroles', 'clusterrolebindings']) expect(await namesOf(kind)).toEqual([])
  })

  test('installs again over the CRDs that it left', async () => {
    await helmSucceeds('install', 'modelcache', CHART)
    await helmSucceeds('uninstall', 'modelcache')
  })
})
