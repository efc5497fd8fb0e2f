import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requiresLabel } from '../node/support/house-policies.ts'
import { type Cluster, eventually } from './support/cluster.ts'
import { modelCache, pod, soundSpec } from './support/objects.ts'
import { type OwnPlane, startOwnPlane } from './support/own-plane.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'

// A cluster whose policy demands a label of everything, and an installation that knows.

const DEFAULTS = `
labels: { team: platform }
annotations: { cost-center: "42" }
nodeSelector: { pool: io }
tolerations: [{ key: io, operator: Exists }]
priorityClassName: system-cluster-critical
securityContext: {}
env: [{ name: HTTPS_PROXY, value: "http://proxy.example:3128" }]
`

let plane: OwnPlane
let cluster: Cluster
let dir: string
const { get, inPhase, provision, podOf, end } = stagingIn(() => cluster)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-defaults-'))
  const file = join(dir, 'defaults.yaml')
  await writeFile(file, DEFAULTS)
  plane = await startOwnPlane({ settings: { controller: { options: ['--hydration-defaults', file] } } })
  cluster = plane.cluster
  await cluster.need(...requiresLabel(cluster.namespace, 'team'))
  await eventually('the policy', async () => {
    const { code } = await cluster.apply(pod({ name: 'probe' }), '--dry-run=server')
    return code !== 0 || undefined
  })
})

afterAll(async () => {
  await plane?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

test('claim, Job and pod get the defaults of the installation, and what the ModelCache says wins', async () => {
  const name = 'modelcache--house'
  await provision(name)
  const hydration = { labels: { team: 'search' }, nodeSelector: { pool: 'big' } }
  await cluster.need(modelCache('house', soundSpec({ ...inline, ...sized, hydration })))
  const hydrating = await podOf(name)
  expect((await get(`pvc/${name}`)).metadata).toMatchObject({
    labels: { team: 'platform', 'modelplane.ai/modelcache': 'house' },
    annotations: { 'cost-center': '42' },
  })
  for (const what of [`job/${name}`, `pod/${hydrating}`])
    expect((await get(what)).metadata).toMatchObject({
      labels: { team: 'search' },
      annotations: { 'cost-center': '42' },
    })
  const { spec } = await get(`pod/${hydrating}`)
  expect(spec).toMatchObject({
    nodeSelector: { pool: 'big' },
    tolerations: expect.arrayContaining([{ key: 'io', operator: 'Exists' }]),
    priorityClassName: 'system-cluster-critical',
    containers: [
      { env: expect.arrayContaining([{ name: 'HTTPS_PROXY', value: 'http://proxy.example:3128' }]) },
    ],
  })
  expect(spec).not.toHaveProperty('securityContext.runAsUser')
  await end(hydrating, 0, report)
  await inPhase('house', 'Ready')
})
