import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { inRepository } from '../manifests/support/rendered.ts'
import { ensureGitops } from '../testbed/binaries.ts'
import { outputOf, runCommand } from '../testbed/command.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { deploymentsOf, modelDeployment } from './support/model-deployment.ts'
import { classes, modelCache, pausedCache, soundSpec } from './support/objects.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'

// What kstatus, which Flux and others use, and Argo CD make of our kinds.

const health = (kind: string) => `resource.customizations.health.modelplane.ai_${kind}`

let cluster: Cluster
let tools: Awaited<ReturnType<typeof ensureGitops>>
let dir: string
let data: Record<string, string>
const { inPhase, provision, podOf, run, end } = stagingIn(() => cluster)

beforeAll(async () => {
  tools = await ensureGitops(() => {})
  dir = await mkdtemp(join(tmpdir(), 'modelcache-gitops-'))
  const example = parse(await readFile(inRepository('examples/gitops/argocd-cm.yaml'), 'utf8'))
  data = z.object({ data: z.record(z.string(), z.string()) }).parse(example).data
  cluster = await newNamespace()
  await cluster.need(...classes)
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** What both say, each in its word. */
async function judged(name: string, kind = 'ModelCache'): Promise<[kstatus: string, argo: string]> {
  const object = JSON.stringify(await cluster.get(`${kind.toLowerCase()}/${name}`))
  const script = join(dir, `${kind}.lua`)
  await writeFile(script, data[health(kind)] ?? '')
  const said = async (command: string, ...args: string[]) =>
    outputOf(await runCommand(command, args, { stdin: object }), command).split('\n')[0] ?? ''
  return [await said(tools.kstatus), await said(tools.argoHealth, script)]
}

test('a cache that the controller has not seen yet is in progress', async () => {
  await cluster.need(pausedCache('new', soundSpec({ ...inline, ...sized })))
  const [kstatus] = await judged('new')
  expect(kstatus).toBe('InProgress')
  expect((await judged('new'))[1]).toBe('Suspended')
})

test('a cache is in progress until it is Ready, and then it is done', async () => {
  const claim = 'modelcache--goes-well'
  await provision(claim)
  await cluster.need(modelCache('goes-well', soundSpec({ ...inline, ...sized })))
  const pod = await podOf(claim)
  await run(pod)
  await inPhase('goes-well', 'Hydrating')
  expect(await judged('goes-well')).toEqual(['InProgress', 'Progressing'])
  await end(pod, 0, report)
  await inPhase('goes-well', 'Ready')
  expect(await judged('goes-well')).toEqual(['Current', 'Healthy'])
})

test.each([
  ['what is final has failed', 'ArchiveInvalid', ['Failed', 'Degraded']],
  ['what is tried again is in progress', 'SourceNotFound', ['InProgress', 'Progressing']],
])('%s', async (_, reason, expected) => {
  const name = reason.toLowerCase()
  await provision(`modelcache--${name}`)
  await cluster.need(modelCache(name, soundSpec({ ...inline, ...sized })))
  await end(await podOf(`modelcache--${name}`), 1, { reason, message: 'no' })
  await inPhase(name, 'Failed', reason)
  expect(await judged(name)).toEqual(expected)
})

test('a ModelDeployment is done when its instances serve, and has failed if it cannot go on', async () => {
  const on = deploymentsOf(cluster)
  const told = (name: string) => judged(name, 'ModelDeployment')
  await cluster.need(modelDeployment('serves', { caches: [] }))
  await on.inCondition('serves', 'Available', 'False', 'Starting')
  expect(await told('serves')).toEqual(['InProgress', 'Progressing'])
  const [pod] = await eventually('its pod', async () => {
    const found = await on.podsOf('serves')
    return found.length > 0 ? found : undefined
  })
  await on.serve(pod?.metadata.name ?? '')
  await on.inCondition('serves', 'Progressing', 'False', 'Complete')
  expect(await told('serves')).toEqual(['Current', 'Healthy'])

  const workers = { template: { spec: { hostNetwork: true } } }
  await cluster.need(modelDeployment('cannot', { caches: [], workers }))
  await on.inCondition('cannot', 'Available', 'False', 'Rejected')
  expect(await told('cannot')).toEqual(['Failed', 'Degraded'])
})
