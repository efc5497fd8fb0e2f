import { isObject } from '../oracle/json.ts'
import type { Random } from './random.ts'

/** A copy of a JSON value that is changed at one place, mostly deep inside. */
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

/** Also where the name is one that assignment would take for something else. */
export function withMember(object: object, name: string, value: unknown): object {
  return Object.fromEntries([...Object.entries(object), [name, value]])
}

/** The list with one element taken away, or there twice; the object without a member. */
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
