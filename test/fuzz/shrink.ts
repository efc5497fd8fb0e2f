import { type Case, check } from './case.ts'
import { type Cluster, KINDS } from './oracle/cluster.ts'
import { at, isObject, listAt } from './oracle/json.ts'
import { viewOf } from './view.ts'

/** Enough for generated values. Shrinking huge ones would take minutes. */
const MAX_TRIES = 20_000

interface Minimal {
  webhook: string
  /** Kept as text if only the exact text shows the disagreement. */
  review: unknown
  cluster: unknown
}

/**
 * The case without everything that the disagreement does not need: members and elements are removed as long
 * as it persists.
 */
export function shrink({ webhook, text, cluster }: Case, what: string): Minimal {
  let tries = 0
  const stays = (candidate: unknown): boolean => {
    tries += 1
    const given = caseOf(webhook, candidate, cluster)
    return given !== undefined && firstLine(check(given)) === firstLine(what)
  }
  let best: unknown = { review: JSON.parse(text), cluster }
  if (!stays(best)) return { webhook, review: text, cluster }
  for (let before: unknown; before !== best && tries < MAX_TRIES; ) {
    before = best
    for (const path of pathsOf(best)) {
      // The stored object must usually change together with the new one.
      const twin = path.map(name => (name === 'object' ? 'oldObject' : name))
      const smaller = without(best, path)
      const smallerTwice = without(smaller, twin)
      if (tries < MAX_TRIES) best = [smallerTwice, smaller].find(it => it !== undefined && stays(it)) ?? best
    }
  }
  const minimal = caseOf(webhook, best, cluster)
  return { webhook, review: at(best, 'review'), cluster: minimal?.cluster ?? cluster }
}

/** A different stack does not make it another disagreement. */
function firstLine(what: string | undefined): string | undefined {
  return what?.split('\n')[0]
}

/** Undefined if no such cluster can exist. The administrator's choices stay. */
function caseOf(webhook: string, candidate: unknown, original: Cluster): Case | undefined {
  if (!isObject(candidate) || candidate.review === undefined) return undefined
  const held = KINDS.map(kind => [kind, listAt(candidate.cluster, kind)] as const)
  const cluster = { ...original, ...Object.fromEntries(held) }
  try {
    return { webhook, text: JSON.stringify(candidate.review), cluster, view: viewOf(cluster) }
  } catch {
    return undefined
  }
}

type Path = readonly string[]

/** Every member and element, those near the root first, because that removes the most at once. */
function pathsOf(value: unknown): Path[] {
  const paths: Path[] = []
  let level: { path: Path; value: unknown }[] = [{ path: [], value }]
  while (level.length > 0) {
    level = level.flatMap(({ path, value: parent }) =>
      typeof parent === 'object' && parent !== null
        ? Object.entries(parent).map(([name, child]) => ({ path: [...path, name], value: child }))
        : [],
    )
    // From the end of lists, so that the positions of the others stay.
    paths.push(...level.map(({ path }) => path).toReversed())
  }
  return paths
}

/** The value without what is at the path; undefined if there is nothing. */
function without(value: unknown, [name, ...rest]: Path): unknown {
  if (name === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
    return undefined
  const entries = Object.entries(value)
  const child: unknown = entries.find(([key]) => key === name)?.[1]
  const smaller = rest.length === 0 ? undefined : without(child, rest)
  if (rest.length > 0 && smaller === undefined) return undefined
  const kept = entries
    .filter(([key]) => rest.length > 0 || key !== name)
    .map(([key, item]): [string, unknown] => [key, key === name ? smaller : item])
  return Array.isArray(value) ? kept.map(([, item]) => item) : Object.fromEntries(kept)
}
