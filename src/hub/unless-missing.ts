import { isConflict, isNotFound } from '../kube/api-error.ts'

/** Turns the error of a call into undefined if it says that the object does not exist. */
export function unlessMissing(error: unknown): undefined {
  if (isNotFound(error)) return undefined
  throw error
}

/**
 * The same if the object has changed since we looked at it, or is gone. The next look sees to what it is like
 * now.
 */
export function unlessChanged(error: unknown): undefined {
  if (isConflict(error) || isNotFound(error)) return undefined
  throw error
}
