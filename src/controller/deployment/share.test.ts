import { expect, test } from 'vitest'
import { condensedDeployment } from '../../api/condensed-deployment.ts'
import { aModelDeployment, anInferenceCluster } from '../../api/fixtures.ts'
import { shareOf } from './share.ts'

type Given = Parameters<typeof aModelDeployment>[0]

const registered = (name: string, region: string) => {
  const { metadata, ...rest } = anInferenceCluster(name)
  const labelled = { ...rest, metadata: { ...metadata, labels: { region } } }
  if (name === 'hub') return labelled
  return {
    ...labelled,
    spec: { cluster: { source: 'Existing' as const, existing: { secretRef: { name } } } },
  }
}
const FLEET = [registered('hub', 'eu'), registered('east', 'us')]
const of = (given: Given, clusters = FLEET) =>
  shareOf(condensedDeployment(aModelDeployment(given)), clusters, undefined)
const selecting = (region: string) => ({ spec: { clusterSelector: { matchLabels: { region } } } })

test.each<[string, Given, ReturnType<typeof registered>[] | undefined]>([
  ['nothing selects clusters', {}, undefined],
  ['there are no others', { spec: { clusterSelector: {} } }, []],
  ['this cluster alone is selected', selecting('eu'), undefined],
  ['all are placed here', { spec: { placement: [{ cluster: 'hub', replicas: 1 }] } }, undefined],
])('all serve here if %s', (_, given, clusters) => {
  expect(of(given, clusters)).toEqual({ kind: 'whole' })
})

test.each([
  ['hub', 2],
  ['east', 0],
])('once the hub has split them, its word counts: %s has some, so %d serve here', (name, replicas) => {
  const entry = { name, replicas: 2, readyReplicas: 0 }
  expect(of({ ...selecting('us'), status: { clusters: [entry] } })).toEqual({ kind: 'split', replicas })
})

test.each([
  ['another cluster is selected', selecting('us')],
  ['several are', { spec: { clusterSelector: {} } }],
  ['none is', selecting('asia')],
])('before that it waits for the hub, or says that there is none, if %s', (_, given) => {
  expect(of(given)).toMatchObject({ kind: 'awaited', message: expect.stringContaining('install the hub') })
  const looked = FLEET.map(cluster => ({ ...cluster, status: { conditions: [] } }))
  expect(of(given, looked)).toEqual({ kind: 'pending' })
})

test('a share whose InferenceCluster is gone stays, and a cluster that never had one has nothing', () => {
  const clusters = [{ name: 'east', replicas: 2, readyReplicas: 2 }]
  const others = FLEET.filter(({ metadata }) => metadata.name !== 'hub')
  const local = { replicas: 1, readyReplicas: 1, updatedReplicas: 1, complete: true }
  expect(of({ ...selecting('us'), status: { clusters, local } }, others)).toEqual({ kind: 'pending' })
  expect(of({ ...selecting('us'), status: { clusters } }, others)).toEqual({ kind: 'split', replicas: 0 })
})
