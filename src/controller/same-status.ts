import { isDeepStrictEqual } from 'node:util'

/** Whether a status is stored as it is. Absent and undefined members are the same on the wire. */
export function isSameStatus(status: object, stored: object | undefined): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(status)), stored)
}
