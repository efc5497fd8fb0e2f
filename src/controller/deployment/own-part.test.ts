import { expect, test } from 'vitest'
import { condensedDeployment } from '../../api/condensed-deployment.ts'
import { aCondition, aModelDeployment } from '../../api/fixtures.ts'
import { modelDeploymentStatus } from '../../api/modeldeployment-status.ts'
import { awaitingStatus, isDone, localPart, ownPart } from './own-part.ts'

const local = { replicas: 1, readyReplicas: 1, updatedReplicas: 1, complete: true }
const clusters = [{ name: 'east', replicas: 1, readyReplicas: 1 }]

test('beside a hub, the controller says how many instances there are, and why no more', () => {
  const message = 'x'.repeat(5_000)
  const conditions = [aCondition('Available', 'False', { message }), aCondition('Reconciling', 'True')]
  const part = localPart({ replicas: 2, readyReplicas: 1, updatedReplicas: 2, conditions })
  expect(part).toMatchObject({ replicas: 2, readyReplicas: 1, updatedReplicas: 2, complete: false })
  // The API server would reject a longer one.
  expect(modelDeploymentStatus.safeParse({ local: part }).success).toBe(true)
})

test('its part of a stored status is that alone, or all of it without a hub', () => {
  expect(ownPart({ clusters, local, ready: '1/1' })).toEqual({ local })
  expect(ownPart({ clusters, ready: '1/1' })).toEqual({})
  expect(ownPart({ ready: '1/1' })).toEqual({ ready: '1/1' })
  expect(ownPart(undefined)).toBeUndefined()
})

test('without a hub that splits them, nothing starts, and it says so', () => {
  const deployment = condensedDeployment(aModelDeployment({ spec: { replicas: 3 } }))
  const status = awaitingStatus(deployment, 'install the hub', 0)
  expect(status.ready).toBe('0/3')
  expect(status.conditions?.map(({ type, status: holds }) => `${type} ${holds}`)).toEqual([
    'Available False',
    'Progressing False',
    'Ready False',
    'Stalled True',
  ])
  expect(isDone(status)).toBe(false)
})
