import { z } from 'zod'
import { ApiError } from './api-error.ts'
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

export interface ListOptions {
  readonly namespace?: string
  readonly signal?: AbortSignal
  /** For each page. */
  readonly timeoutMs?: number
}

/** Reads all objects of a kind as `listPages` does, and gives them in one. */
export async function listAll(
  rest: Rest,
  resource: Resource<StoredObject>,
  options: ListOptions = {},
): Promise<Listing> {
  const items: unknown[] = []
  let resourceVersion = ''
  for await (const listed of listPages(rest, resource, options)) {
    for (const item of listed.items) items.push(item)
    resourceVersion = listed.resourceVersion
  }
  return { items, resourceVersion }
}

/**
 * Reads all objects of a kind, in one namespace or in the whole cluster, page by page, so that a big collection need not be held
 * as it came. Asked without a version, so the answer is never older than the call (the first page is a consistent read and the
 * others continue that same version, which each of them tells).
 *
 * @throws ApiError; status 410 when paging took so long that the version is gone: start again.
 */
export async function* listPages(
  rest: Rest,
  resource: Resource<StoredObject>,
  options: ListOptions = {},
): AsyncGenerator<Listing> {
  const { namespace, ...callOptions } = options
  const path = collectionPath(resource, namespace ?? resource.namespace)
  let next: string | undefined
  do {
    const reply = await rest.get(path, {
      timeoutMs: PAGE_TIMEOUT_MS,
      ...callOptions,
      query: { ...selectors(resource), limit: PAGE_SIZE, continue: next },
    })
    const { metadata, items } = parsePage(path, reply)
    yield { items: items ?? [], resourceVersion: metadata.resourceVersion }
    next = metadata.continue
  } while (next !== undefined && next !== '')
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
