import { STATUS_CODES } from 'node:http'
import { z } from 'zod'

/**
 * A call to the API server that failed.
 *
 * `status` is the HTTP status, or 0 if there was no usable reply at all. `reason` is stable, and code may
 * branch on it: it is that of the Status object (`NotFound`, `Expired`, `Conflict`, …), or with status 0 one
 * of `Timeout`, `Unreachable`, `Disconnected`, `CredentialsUnavailable`, `MalformedReply`.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.reason = reason
  }
}

const statusObject = z.looseObject({
  kind: z.literal('Status'),
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.number().optional(),
})

/** Maximum characters of a message. A message that lists every fault of a large object says no more. */
const MAX_MESSAGE = 4_096

/** The error for a Status object. `what` names the call for replies that are not a Status. */
export function statusError(reply: unknown, httpStatus: number, what: string): ApiError {
  const parsed = statusObject.safeParse(reply)
  const status = parsed.data?.code ?? httpStatus
  // An error from a proxy or load balancer in between has no Status. Its HTTP status gives a usable reason.
  const reason = parsed.data?.reason || (STATUS_CODES[status] ?? 'Unknown').replaceAll(/[^A-Za-z]/g, '')
  const message = parsed.data?.message?.slice(0, MAX_MESSAGE)
  return new ApiError(status, reason, message || `${what}: HTTP ${status}`)
}

/** Whether the API server answered that the object does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404
}

/** Whether the caller lacks the right to do this. */
export function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403
}

/** Whether the object already exists, or has changed since the version that the caller saw. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409
}

/** Whether the version that a list or watch started from is no longer kept. Only a new list helps. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.status === 410
}

/** Whether no complete answer came within the time of the call. */
export function isTimeout(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'Timeout'
}
