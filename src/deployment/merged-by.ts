import { z } from 'zod'

const listed = z.array(z.record(z.string(), z.unknown()))

/**
 * A list whose items have a key, over another one: an item of ours replaces theirs of the same key.
 * Kubernetes rejects two items of one key.
 */
export function mergedBy(
  key: string,
  theirs: unknown,
  ours: readonly Readonly<Record<string, unknown>>[],
): object[] {
  const keys = new Set(ours.map(item => item[key]))
  const kept = (listed.safeParse(theirs).data ?? []).filter(item => !keys.has(item[key]))
  return [...kept, ...ours]
}
