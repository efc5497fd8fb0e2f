import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { ensureHelm } from '../testbed/binaries.ts'
import { type CommandResult, outputOf, runCommand } from '../testbed/command.ts'
import { type KubeObject, parseObjects } from '../testbed/objects.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const NAMESPACE = 'modelcache-system'

let helm: string
let home: string

beforeAll(async () => {
  helm = await ensureHelm(line => console.log(line))
  home = await mkdtemp(join(tmpdir(), 'modelcache-helm-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

/** What the chart renders, its values given as `--set` takes them. */
function template(...values: string[]): Promise<CommandResult> {
  const set = values.flatMap(value => ['--set', value])
  const args = [
    'template',
    'modelcache',
    join(PROJECT, 'chart'),
    '--namespace',
    NAMESPACE,
    '--kube-version',
    'v1.36.3',
  ]
  const env = { ...process.env, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home }
  return runCommand(helm, [...args, ...set], { env })
}

async function chart(...values: string[]): Promise<Record<string, KubeObject>> {
  return byKey(parseObjects(outputOf(await template(...values), 'helm template')))
}

async function kustomize(folder: string): Promise<Record<string, KubeObject>> {
  const rendered = await runCommand(inject('cluster').kubectl, ['kustomize', join(PROJECT, folder)])
  return byKey(parseObjects(outputOf(rendered, `kubectl kustomize ${folder}`)))
}

function byKey(objects: readonly KubeObject[]): Record<string, KubeObject> {
  const keyed = objects.map(object => {
    const { kind, metadata } = object
    return [[kind, metadata.namespace, metadata.name].filter(Boolean).join(' '), object] as const
  })
  expect(new Set(keyed.map(([key]) => key)).size).toBe(keyed.length)
  return Object.fromEntries(keyed)
}

/** Helm makes the namespace itself, if it is told to; docs/installation.md has the labels. */
function withoutNamespace(objects: Record<string, KubeObject>) {
  const { [`Namespace ${NAMESPACE}`]: _, ...rest } = objects
  return rest
}

test('the chart with its default values is manifests/, but for the namespace, and for the CRDs that outlive the release', async () => {
  const kept = { 'crds.keep': 'false' }
  const rendered = await chart(...Object.entries(kept).map(pair => pair.join('=')))
  expect(rendered).toEqual(withoutNamespace(await kustomize('manifests')))
  const byDefault = await chart()
  const differing = Object.keys(byDefault).filter(
    key => JSON.stringify(byDefault[key]) !== JSON.stringify(rendered[key]),
  )
  expect(differing.toSorted()).toEqual([
    'CustomResourceDefinition inferenceclusters.modelplane.ai',
    'CustomResourceDefinition modelcaches.modelplane.ai',
  ])
  expect(byDefault['CustomResourceDefinition modelcaches.modelplane.ai']?.metadata).toMatchObject({
    annotations: { 'helm.sh/resource-policy': 'keep' },
  })
})

test('with cert-manager both say the same too', async () => {
  const rendered = await chart('certificates.source=cert-manager', 'crds.keep=false')
  expect(rendered).toEqual(withoutNamespace(await kustomize('certs/cert-manager')))
  expect(rendered).not.toHaveProperty('ClusterRole modelcache-cabundle')
})

test.each([
  ['webhook.replica=3', "additional properties 'replica' not allowed"],
  ['webhook.replicas=many', 'webhook/replicas'],
  ['certificates.source=vault', 'certificates/source'],
  ['webhook.timeoutSeconds=60', 'webhook/timeoutSeconds'],
  ['webhook.failurePolicy=Ignore', "additional properties 'failurePolicy' not allowed"],
])('the value %s is refused', async (value, message) => {
  const { code, stderr } = await template(value)
  expect(code).not.toBe(0)
  expect(stderr).toContain(message)
})
