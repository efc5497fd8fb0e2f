/** What the API server said where it did not take a write. */
export interface Refusal {
  /** The kind of what was to be written. */
  kind: string
  isQuota: boolean
  message: string
}

/** As the quota controller of Kubernetes says it, in an answer and in the Event of a Job alike. */
export function isQuota(message: string): boolean {
  return message.includes('exceeded quota')
}
