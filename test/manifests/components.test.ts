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

/** The installation with a component, as a user writes it. */
async function withComponent(name: string) {
  const up = relative(folder, inRepository('manifests'))
  const file = { resources: [up], components: [`${up}/components/${name}`] }
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
