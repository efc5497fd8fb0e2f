import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { hydrationDefaults } from '../../src/api/hydration-defaults.ts'
import { byName, inRepository, kustomize, NAMESPACE, template } from './support/rendered.ts'

const WEBHOOK = `Deployment/${NAMESPACE}/modelcache-webhook`
const CONTROLLER = `Deployment/${NAMESPACE}/modelcache-controller`

// kustomize wants relative paths.
const scratch = inRepository('.testbed')
let folder: string
beforeAll(async () => {
  await mkdir(scratch, { recursive: true })
  folder = await mkdtemp(join(scratch, 'components-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The installation with components, as a user writes it. */
async function withComponent(...names: string[]) {
  const up = relative(folder, inRepository('manifests'))
  const file = { resources: [up], components: names.map(name => `${up}/components/${name}`) }
  await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(file))
  return byName(await kustomize(relative(inRepository('.'), folder)))
}

test('host-network: the webhook runs in the network of its nodes, as the chart has it', async () => {
  const rendered = await withComponent('host-network')
  const charted = byName(await template('--set', 'webhook.hostNetwork=true'))
  const expected = {
    spec: {
      strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      template: { spec: { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' } },
    },
  }
  for (const objects of [rendered, charted]) expect(objects[WEBHOOK]).toMatchObject(expected)
  expect(rendered[`Namespace/${NAMESPACE}`]?.metadata.labels).toMatchObject({
    'pod-security.kubernetes.io/enforce': 'privileged',
  })
})

test('hub: it is as the chart has it, and without it there is no hub', async () => {
  const bare = byName(await kustomize('manifests'))
  const added = Object.entries(await withComponent('hub')).filter(([name]) => !(name in bare))
  expect(added.map(([name]) => name)).toContain(`Deployment/${NAMESPACE}/modelcache-hub`)
  const charted = byName(await template('--set', 'hub.enabled=true'))
  const without = byName(await template())
  const addedByChart = Object.entries(charted).filter(([name]) => !(name in without))
  // kustomize writes the labels of the installation as its users do, in their kustomization.
  const common = ['app.kubernetes.io/part-of', 'app.kubernetes.io/version', 'app.kubernetes.io/name']
  const plain = (entries: typeof added) =>
    JSON.parse(
      JSON.stringify(Object.fromEntries(entries), (key, value) => (common.includes(key) ? undefined : value)),
    )
  const images = (text: string) => JSON.parse(text.replaceAll(/"modelcache:[^"]+"/g, '"modelcache"'))
  expect(images(JSON.stringify(plain(added)))).toEqual(images(JSON.stringify(plain(addedByChart))))
})

test('hub-secrets: the hub may read Secrets, as the chart has it', async () => {
  const rendered = await withComponent('hub', 'hub-secrets')
  const charted = byName(await template('--set', 'hub.enabled=true,hub.replicateSecrets=true'))
  for (const objects of [rendered, charted]) {
    expect(objects['ClusterRole/modelcache-hub-secrets']).toMatchObject({
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] }],
    })
    expect(objects['ClusterRoleBinding/modelcache-hub-secrets']).toMatchObject({
      subjects: [{ kind: 'ServiceAccount', name: 'modelcache-hub', namespace: NAMESPACE }],
    })
    expect(objects[`Deployment/${NAMESPACE}/modelcache-hub`]).toMatchObject({
      spec: {
        template: { spec: { containers: [{ args: expect.arrayContaining(['--replicate-secrets']) }] } },
      },
    })
  }
})

test('hydration-defaults: the controller reads the file, and starts again when it changes', async () => {
  const rendered = await withComponent('hydration-defaults')
  const name = Object.keys(rendered).find(key => /^ConfigMap\/.*hydration-defaults-/.test(key))
  const configMap = name?.split('/').at(-1)
  expect(rendered[CONTROLLER]).toMatchObject({
    spec: {
      template: {
        spec: {
          containers: [
            {
              args: expect.arrayContaining(['--hydration-defaults=/etc/modelcache-hydration/defaults.yaml']),
            },
          ],
          volumes: expect.arrayContaining([{ name: 'hydration-defaults', configMap: { name: configMap } }]),
        },
      },
    },
  })
})

test('hydration-defaults: the file that it shows is one', async () => {
  const file = inRepository('manifests/components/hydration-defaults/defaults.yaml')
  const defaults = hydrationDefaults.parse(parse(await readFile(file, 'utf8')))
  expect(defaults.securityContext).toEqual({})
})

test('the chart gives the controller the same, null included', async () => {
  const defaults = { labels: { team: 'search' }, securityContext: { runAsUser: null } }
  const rendered = byName(await template('--set-json', `hydration.defaults=${JSON.stringify(defaults)}`))
  const { data } = rendered[`ConfigMap/${NAMESPACE}/modelcache-hydration-defaults`] as unknown as {
    data: Record<string, string>
  }
  expect(hydrationDefaults.parse(parse(data['defaults.yaml'] ?? ''))).toEqual(defaults)
  expect(JSON.stringify(rendered[CONTROLLER])).toContain(
    '--hydration-defaults=/etc/modelcache-hydration/defaults.yaml',
  )
})

test('name-references: prefixes and hashes reach every reference, except lists of caches', async () => {
  const up = relative(folder, inRepository('manifests'))
  const source = (member: string, value: object) => ({ artifact: { source: { [member]: value } } })
  const secretRef = { name: 'key' }
  const cache = (name: string, spec: object) => ({
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'ModelCache',
    metadata: { name },
    spec,
  })
  const sources = ['huggingFace', 'http', 's3', 'oci', 'gcs', 'azure']
  const asking = (caches: string) => ({ metadata: { annotations: { 'modelplane.ai/caches': caches } } })
  const objects = [
    ...sources.map(name => cache(name.toLowerCase(), source(name, { secretRef }))),
    cache('cloned', {
      ...source('pvcClone', { name: 'claim' }),
      hydration: { serviceAccountName: 'account' },
    }),
    cache('filled', { storage: { existingPVC: { name: 'claim' }, pvc: { storageClassName: 'fast' } } }),
    cache('files', source('configMap', { name: 'files' })),
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'claim' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'account' } },
    { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'fast' } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'one' },
      spec: { template: asking('cloned') },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'two' },
      spec: { template: asking('cloned,s3') },
    },
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare', ...asking('cloned').metadata } },
    {
      apiVersion: 'leaderworkerset.x-k8s.io/v1',
      kind: 'LeaderWorkerSet',
      metadata: { name: 'gang' },
      spec: { leaderWorkerTemplate: { leaderTemplate: asking('cloned'), workerTemplate: asking('cloned') } },
    },
  ]
  await writeFile(join(folder, 'objects.yaml'), objects.map(each => JSON.stringify(each)).join('\n---\n'))
  const file = {
    namePrefix: 'dev-',
    resources: ['objects.yaml'],
    components: [`${up}/components/name-references`],
    secretGenerator: [{ name: 'key', literals: ['token=x'] }],
    configMapGenerator: [{ name: 'files', literals: ['a=b'] }],
  }
  await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(file))
  const rendered = await kustomize(relative(inRepository('.'), folder))
  const text = JSON.stringify(rendered)
  const named = (kind: string) =>
    rendered.filter(each => each.kind === kind).map(({ metadata }) => metadata.name)
  const [secret] = named('Secret')
  expect(secret).toMatch(/^dev-key-/)
  expect(text.split(`"secretRef":{"name":"${secret}"}`)).toHaveLength(sources.length + 1)
  expect(text).toContain(`"configMap":{"name":"${named('ConfigMap')[0]}"}`)
  expect(text).toContain('"pvcClone":{"name":"dev-claim"}')
  expect(text).toContain('"existingPVC":{"name":"dev-claim"}')
  expect(text).toContain('"serviceAccountName":"dev-account"')
  expect(text).toContain('"storageClassName":"dev-fast"')
  expect(text.split('"modelplane.ai/caches":"dev-cloned"')).toHaveLength(5)
  expect(text).toContain('"modelplane.ai/caches":"cloned,s3"')
})
