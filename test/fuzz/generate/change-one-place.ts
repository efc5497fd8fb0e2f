import { isObject } from '../oracle/json.ts'
import type { Random } from './random.ts'

/** A copy of a JSON value with a change in one place, usually deep inside. */
export function changedSomewhere(
  value: unknown,
  random: Random,
  change: (value: unknown, random: Random) => unknown,
): unknown {
  if (random.chance(0.25)) return change(value, random)
  if (Array.isArray(value) && value.length > 0) {
    const place = random.below(value.length)
    return value.map((item, index) => (index === place ? changedSomewhere(item, random, change) : item))
  }
  if (isObject(value) && Object.keys(value).length > 0) {
    const name = random.pick(Object.keys(value))
    return withMember(value, name, changedSomewhere(value[name], random, change))
  }
  return change(value, random)
}

/** This also works for a name that an assignment would treat specially. */
export function withMember(object: object, name: string, value: unknown): object {
  return Object.fromEntries([...Object.entries(object), [name, value]])
}

/** The list with one element removed or duplicated, or the object without a member. */
export function moreOrLess(value: unknown, random: Random): unknown {
  if (Array.isArray(value) && value.length > 0) {
    const place = random.below(value.length)
    const times = random.pick([0, 2])
    return value.flatMap((item, index) => Array.from({ length: index === place ? times : 1 }, () => item))
  }
  if (isObject(value) && Object.keys(value).length > 0) {
    const taken = random.pick(Object.keys(value))
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== taken))
  }
  return value
}
