import { z } from 'zod'
import { ApiError } from '../../kube/api-error.ts'
import { objectPath, type Resource, type StoredObject } from '../../kube/resource.ts'
import type { CallOptions, Rest } from '../../kube/rest.ts'
import { unlessMissing } from '../unless-missing.ts'
import type { AnyOriginal } from './copied-kind.ts'

/** As many are kept, which many clusters need at the same time. Each has up to 1.5 MB. */
const MAX_KEPT = 16

const whole = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.record(z.string(), z.unknown()),
})

/** An object with all that its author has written. */
export type Whole = z.infer<typeof whole>

/** Those annotations of an object that its copies have, too. */
export function annotationsOf({ metadata }: Whole, keys: readonly string[]): Record<string, string> {
  const found = keys.flatMap(key => {
    const value = metadata.annotations?.[key]
    return value === undefined ? [] : [[key, value] as const]
  })
  return Object.fromEntries(found)
}

/**
 * Reads all that the author of an object has written; undefined if it is gone. `version` changes with what
 * its author has written.
 */
export type WholeOf = (original: AnyOriginal, version: string) => Promise<Whole | undefined>

/**
 * Reads whole objects of the hub, because memory has digests in place of large values. Clusters that need the
 * same one at the same time share one call.
 *
 * @throws ApiError from that function.
 */
export function createWholeOf(
  resource: Resource<StoredObject>,
  rest: Pick<Rest, 'get'>,
  call: CallOptions,
): WholeOf {
  const kept = new Map<string, ReturnType<WholeOf>>()
  return ({ metadata: { namespace, name } }, version) => {
    const path = objectPath(resource, namespace, name)
    const key = `${path} ${version}`
    const known = kept.get(key)
    if (known !== undefined) return known
    const asked = rest
      .get(path, call)
      .catch(unlessMissing)
      .then(raw => (raw === undefined ? undefined : parseWhole(raw, path)))
    kept.set(key, asked)
    asked.catch(() => kept.delete(key))
    const [oldest] = kept.keys()
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest)
    return asked
  }
}

function parseWhole(raw: unknown, path: string): Whole {
  const parsed = whole.safeParse(raw)
  if (parsed.success) return parsed.data
  throw new ApiError(0, 'MalformedReply', `${path} is not answered as an API server would`)
}
