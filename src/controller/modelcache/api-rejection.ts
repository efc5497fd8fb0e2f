/** A write that the API server rejected, which will not pass by itself. */
export interface ApiRejection {
  /** The kind of what was to be written. */
  kind: string
  isQuota: boolean
  message: string
}

/** As the quota controller of Kubernetes says it, in an answer and in the Event of a Job alike. */
export function isQuota(message: string): boolean {
  return message.includes('exceeded quota')
}
