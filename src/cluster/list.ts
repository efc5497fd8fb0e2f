import { z } from 'zod'
import { ApiError } from './apierror.ts'
import { collectionPath, type Resource, type StoredObject, selectors } from './resource.ts'
import type { Rest } from './rest.ts'

const PAGE_SIZE = 500
const PAGE_TIMEOUT_MS = 30_000

const page = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  // Go writes an empty list of some kinds as null.
  items: z.array(z.unknown()).nullish(),
})

/** A whole collection at one version, its items not yet checked by the schema of their kind. */
export interface Listing {
  readonly items: readonly unknown[]
  readonly resourceVersion: string
}

/**
 * Reads all objects of a kind, in one namespace or in the whole cluster, page by page. Asked without a version, so the answer is
 * never older than the call (the first page is a consistent read and the others continue that same version).
 *
 * @throws ApiError; status 410 when paging took so long that the version is gone: start again.
 */
export async function listAll(
  rest: Rest,
  resource: Resource<StoredObject>,
  options: { namespace?: string; signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<Listing> {
  const { namespace, ...callOptions } = options
  const path = collectionPath(resource, namespace ?? resource.namespace)
  const items: unknown[] = []
  let next: string | undefined
  while (true) {
    const reply = await rest.get(path, {
      timeoutMs: PAGE_TIMEOUT_MS,
      ...callOptions,
      query: { ...selectors(resource), limit: PAGE_SIZE, continue: next },
    })
    const { metadata, items: found } = parsePage(path, reply)
    for (const item of found ?? []) items.push(item)
    next = metadata.continue
    if (next === undefined || next === '') {
      return { items, resourceVersion: metadata.resourceVersion }
    }
  }
}

/**
 * The version of a collection as it is now, at the cost of one object.
 *
 * @throws ApiError
 */
export async function currentVersion(
  rest: Rest,
  resource: Resource<StoredObject>,
  signal: AbortSignal,
): Promise<string> {
  const path = collectionPath(resource, resource.namespace)
  // Not by labels: with those the server may have to look through all objects for the first that has them.
  const { fieldSelector } = selectors(resource)
  return parsePage(path, await rest.get(path, { signal, query: { fieldSelector, limit: 1 } })).metadata
    .resourceVersion
}

function parsePage(path: string, reply: unknown): z.infer<typeof page> {
  const parsed = page.safeParse(reply)
  if (parsed.success) return parsed.data
  throw new ApiError(0, 'MalformedReply', `the answer to GET ${path} is not a list`, { cause: parsed.error })
}
