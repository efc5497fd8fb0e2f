import { isObject } from './json.ts'

/** Whether a value has a shape. */
export type Shape = (value: unknown) => boolean

export const anything: Shape = () => true
export const text: Shape = value => typeof value === 'string'
export const flag: Shape = value => typeof value === 'boolean'
export const number: Shape = value => typeof value === 'number' && Number.isFinite(value)
export const quantity: Shape = value => text(value) || number(value)

/** The member may be absent, or null, which means the same. */
export const maybe =
  (shape: Shape): Shape =>
  value =>
    value === undefined || value === null || shape(value)

/** Text with a bounded number of characters. Kubernetes counts Unicode code points. */
export const textOf =
  (least: number, most: number): Shape =>
  value => {
    if (typeof value !== 'string') return false
    const { length } = [...value]
    return length >= least && length <= most
  }

export const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER): Shape =>
  value =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most

export const oneOf =
  (...words: string[]): Shape =>
  value =>
    words.some(word => word === value)

export const both =
  (one: Shape, other: Shape): Shape =>
  value =>
    one(value) && other(value)

export const listOf =
  (element: Shape, most = Number.POSITIVE_INFINITY): Shape =>
  value =>
    Array.isArray(value) && value.length <= most && value.every(element)

/** A map with any keys, including `__proto__`. */
export const mapOf =
  (shape: Shape, key: Shape = text, most = Number.POSITIVE_INFINITY): Shape =>
  value =>
    isObject(value) &&
    Object.keys(value).length <= most &&
    Object.entries(value).every(([name, item]) => key(name) && shape(item))

/** An object with these members. Other members do not matter. */
export const having =
  (members: Record<string, Shape>): Shape =>
  value =>
    isObject(value) &&
    Object.entries(members).every(([name, shape]) =>
      shape(Object.hasOwn(value, name) ? value[name] : undefined),
    )
