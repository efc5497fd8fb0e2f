import { cut, printable } from '../../api/wording.ts'
import { ApiError } from '../../kube/api-error.ts'
import type { Write } from './step.ts'

/** What the API server said where it did not take a write. */
export interface Refusal {
  /** The kind of what was to be written. */
  kind: string
  isQuota: boolean
  message: string
}

const MAX_MESSAGE = 1_024

/** What an error means that will not pass by itself, undefined for others: those are tried again with a growing pause. */
export function refusalOf(error: unknown, write: Write): Refusal | undefined {
  if (!(error instanceof ApiError) || ![400, 403, 422].includes(error.status)) return undefined
  const kind = 'kind' in write ? write.kind : 'ModelCache'
  return {
    kind: kind === 'HydrationJob' ? 'Job' : kind,
    isQuota: isQuota(error.message),
    message: cut(printable(error.message), MAX_MESSAGE),
  }
}

/** As the quota controller of Kubernetes says it, in an answer and in the Event of a Job alike. */
export function isQuota(message: string): boolean {
  return message.includes('exceeded quota')
}
