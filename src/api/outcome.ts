import type { Violation } from './violation.ts'

/** A value, or why there is none. Every function that can return either uses this one shape. */
export type Outcome<T, Refusal = Violation> =
  | { readonly value: T; readonly refused?: undefined }
  | { readonly value?: undefined; readonly refused: Refusal }

export function ok<T>(given: T): { readonly value: T } {
  return { value: given }
}

export function refused<R>(refusal: R): { readonly refused: R } {
  return { refused: refusal }
}
