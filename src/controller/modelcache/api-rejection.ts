/** A write that the API server rejected and that retrying at once does not help. */
export interface ApiRejection {
  /** The kind of the object in that write. */
  kind: string
  isQuota: boolean
  message: string
}

/** The words of the quota controller of Kubernetes, both in an answer and in the Event of a Job. */
export function isQuota(message: string): boolean {
  return message.includes('exceeded quota')
}
