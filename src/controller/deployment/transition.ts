import type { ModelDeploymentStatus } from '../../api/modeldeployment-status.ts'
import { conditionOf } from '../../api/readiness.ts'
import type { EventInput } from '../../kube/events.ts'

/** The Event about a new status: that all serve, or what newly keeps them from it. */
export function transition(
  before: ModelDeploymentStatus | undefined,
  after: ModelDeploymentStatus,
): EventInput | undefined {
  const was = conditionOf(before, 'Available')
  const is = conditionOf(after, 'Available')
  if (is === undefined || (was?.status === is.status && was.reason === is.reason)) return undefined
  const note = `${is.reason}: ${is.message}`
  const type = is.status === 'True' || CALM.includes(is.reason) ? 'Normal' : 'Warning'
  return { type, reason: is.reason, action: 'Serve', note }
}

/** What every deployment goes through. */
const CALM = ['Starting', 'CacheNotReady']
