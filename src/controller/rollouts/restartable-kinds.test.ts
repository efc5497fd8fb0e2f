import { describe, expect, test } from 'vitest'
import { parseObject } from '../../kube/resource.ts'
import { RESTARTABLE_KINDS, type RestartableWorkload } from './restartable-kinds.ts'

const ASKS = { 'modelplane.ai/rollout': 'true' }
const TOLD = { metadata: { annotations: { 'modelplane.ai/rolled-out': 'llama has sha256:1' } } }

function parsed(
  kind: string,
  { annotations = {}, ...rest }: { annotations?: object; spec: object; status?: object },
) {
  const resource = RESTARTABLE_KINDS[kind]
  if (resource === undefined) throw new Error(`no ${kind}`)
  const { data } = parseObject(resource, { metadata: { name: 'web', generation: 3, annotations }, ...rest })
  if (data === undefined) throw new Error(`not a ${kind}`)
  return data
}

/** What it says of itself, without the function. */
const said = ({ isWanted, restartedFor, isSettled }: RestartableWorkload) => ({
  isWanted,
  restartedFor,
  isSettled,
})

const settled = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }

describe.each(['Deployment', 'StatefulSet'])('a %s', kind => {
  const spec = { replicas: 2, template: TOLD }

  test('says what it wants, and for what it was restarted', () => {
    expect(said(parsed(kind, { annotations: ASKS, spec, status: settled }))).toEqual({
      isWanted: true,
      restartedFor: 'llama has sha256:1',
      isSettled: true,
    })
    expect(said(parsed(kind, { spec: { template: {} } }))).toEqual({
      isWanted: false,
      restartedFor: undefined,
      isSettled: false,
    })
    expect(parsed(kind, { annotations: { 'modelplane.ai/rollout': 'yes' }, spec }).isWanted).toBe(false)
  })

  test.each([
    ['its controller has not seen the change', { observedGeneration: 2 }],
    ['an old pod is still there', { replicas: 3 }],
    ['a new pod is missing', { updatedReplicas: 1 }],
    ['a new pod is not ready', { availableReplicas: 1 }],
  ])('is not settled if %s', (_, differs) => {
    expect(parsed(kind, { spec, status: { ...settled, ...differs } }).isSettled).toBe(false)
  })

  test('restarts by its template', () => {
    expect(parsed(kind, { spec }).restart('news')).toEqual({
      spec: { template: { metadata: { annotations: { 'modelplane.ai/rolled-out': 'news' } } } },
    })
  })
})

test.each([
  [{ desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }, true],
  [{ desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 }, false],
  [{ desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }, false],
])('a DaemonSet with %j is settled: %j', (status, isSettled) => {
  const found = parsed('DaemonSet', {
    spec: { template: TOLD },
    status: { observedGeneration: 3, ...status },
  })
  expect(found.isSettled).toBe(isSettled)
})

describe('a LeaderWorkerSet', () => {
  const spec = (templates: object) => ({ replicas: 2, leaderWorkerTemplate: templates })

  test('restarts with its leaders, if they have a template of their own', () => {
    const both = { leaderTemplate: {}, workerTemplate: {} }
    const marked = { metadata: { annotations: { 'modelplane.ai/rolled-out': 'news' } } }
    expect(parsed('LeaderWorkerSet', { spec: spec(both) }).restart('news')).toEqual({
      spec: { leaderWorkerTemplate: { leaderTemplate: marked, workerTemplate: marked } },
    })
    expect(parsed('LeaderWorkerSet', { spec: spec({ workerTemplate: {} }) }).restart('news')).toEqual({
      spec: { leaderWorkerTemplate: { workerTemplate: marked } },
    })
  })

  test('is settled if all of its gangs are new and ready', () => {
    const of = (status: object) =>
      parsed('LeaderWorkerSet', { spec: spec({ workerTemplate: TOLD }), status }).isSettled
    expect(of({ replicas: 2, updatedReplicas: 2, readyReplicas: 2 })).toBe(true)
    expect(of({ replicas: 3, updatedReplicas: 2, readyReplicas: 2 })).toBe(false)
    expect(of({ replicas: 2, updatedReplicas: 1, readyReplicas: 2 })).toBe(false)
    expect(of({ replicas: 2, updatedReplicas: 2, readyReplicas: 1 })).toBe(false)
  })
})
