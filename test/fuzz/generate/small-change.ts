import { snapshotOf } from '../oracle/mounts.ts'
import { changedSomewhere, moreOrLess } from './change-one-place.ts'
import type { Random } from './random.ts'
import { CACHE_NAMES, CONTAINER_PATHS, DIGESTS, NO_DIGESTS } from './words.ts'

const TEXTS = [
  ...CACHE_NAMES,
  ...CONTAINER_PATHS,
  ...DIGESTS.flatMap(digest => [snapshotOf(digest), `llama=${digest}`]),
  'llama=pending',
  'modelcache--llama',
  'ops-staged',
  'true',
]

/** A change of one place that keeps the shape: what another webhook or a slip of the hand might do. */
export function smallChange(value: unknown, random: Random): unknown {
  if (random.chance(0.25)) return restaged(value, random)
  return changedSomewhere(value, random, changeHere)
}

function changeHere(value: unknown, random: Random): unknown {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string') return random.pick(TEXTS)
  return moreOrLess(value, random)
}

/** Replaces digests: an older snapshot, or a folder of somebody's choice. */
function restaged(value: unknown, random: Random): unknown {
  const other = random.chance(0.6) ? random.pick(DIGESTS) : random.pick(NO_DIGESTS)
  const replaced = (text: string, digest: string) =>
    text.replaceAll(digest, other).replaceAll(snapshotOf(digest), snapshotOf(other))
  return JSON.parse(DIGESTS.reduce(replaced, JSON.stringify(value)))
}
