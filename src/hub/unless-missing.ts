import { isNotFound } from '../kube/api-error.ts'

/** Turns the error of a call into undefined if it says that the object does not exist. */
export function unlessMissing(error: unknown): undefined {
  if (isNotFound(error)) return undefined
  throw error
}
