import { isObject } from '../oracle/json.ts'
import { changedSomewhere, moreOrLess, withMember } from './change-one-place.ts'
import type { Random } from './random.ts'
import { ANNOTATION_KEYS, ODD_NAMES } from './words.ts'

/**
 * Damages a JSON value in a few places: wrong types, missing members, strange names, too much of everything.
 */
export function spoil(value: unknown, random: Random): unknown {
  let spoilt = value
  const times = 1 + random.below(3)
  for (let count = 0; count < times; count++) spoilt = changedSomewhere(spoilt, random, spoilHere)
  return spoilt
}

function spoilHere(value: unknown, random: Random): unknown {
  if (random.chance(0.35)) return moreOrLess(value, random)
  if (isObject(value) && random.chance(0.5))
    return withMember(value, random.pick([...ODD_NAMES, ...ANNOTATION_KEYS]), hostileValue(random))
  if (typeof value === 'string' && random.chance(0.5)) return `${value}${random.pick(ODD_NAMES)}`
  return hostileValue(random)
}

const VALUES: unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 2 ** 53, 1e308, '', 'x', 'true', '0'],
  ...[[], {}, [null], [[]], [{}], { a: null }],
  // A name that an assignment would take for the prototype.
  Object.fromEntries([['__proto__', { annotations: { 'modelplane.ai/caches': 'llama' } }]]),
]

function hostileValue(random: Random): unknown {
  if (random.chance(0.02)) return random.pick(HUGE)()
  if (random.chance(0.3)) return random.pick(ODD_NAMES)
  if (random.chance(0.1)) return { [random.pick(ANNOTATION_KEYS)]: random.pick(ODD_NAMES) }
  return random.pick(VALUES)
}

const HUGE = [
  () => 'x'.repeat(100_000),
  () => '💥'.repeat(20_000),
  () => Array.from({ length: 2000 }, () => 'x'),
  // Shells within shells, as a command line.
  () => Array.from({ length: 60 }, (_, index) => ['env', 'sh', '-c'][index % 3]),
  () => Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`k${index}`, 'x'])),
  () => JSON.parse(nested(400)),
]

/** The text of nested lists. */
export function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}
