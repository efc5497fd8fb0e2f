import { z } from 'zod'
import { ApiError } from './api-error.ts'
import { isTooLarge } from './reply-body.ts'
import type { Query } from './request.ts'
import { collectionPath, parseObject, type Resource, type StoredObject, selectors } from './resource.ts'
import type { CallOptions, Rest } from './rest.ts'

/**
 * A page larger than this is given up, and asked for again with fewer objects in it. Parsed, the worst of them takes
 * some twenty times as much memory.
 */
const MAX_PAGE_BYTES = 2 * 1024 * 1024
/** Half of it, so that a page of somewhat larger objects fits as well. */
const PAGE_BYTES = MAX_PAGE_BYTES / 2
/** Objects on the first page, when their size is not known yet, and on any page. */
const FIRST_PAGE = 100
const MAX_PAGE = 500
/** How much smaller a page is after one that was too large, and how much larger it may be than the one before. */
const SHRINK = 8
const GROW = 4

const PAGE_TIMEOUT_MS = 30_000

const page = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  // Go writes an empty list of some kinds as null.
  items: z.array(z.unknown()).nullish(),
})

/**
 * A part of a collection, or all of it, as it was at one version. Its items are not checked by the schema of their
 * kind.
 */
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

/**
 * Reads all objects of a kind as `listPages` does, and keeps of each what its schema reads.
 *
 * @throws ApiError, also for an object that its schema refuses
 */
export async function listAll<T extends StoredObject>(
  rest: Pick<Rest, 'get'>,
  resource: Resource<T>,
  options: ListOptions = {},
): Promise<readonly T[]> {
  const objects: T[] = []
  for await (const { items } of listPages(rest, resource, options)) {
    for (const item of items) {
      const parsed = parseObject(resource, item)
      if (!parsed.success) {
        throw new ApiError(0, 'MalformedReply', `cannot read a ${resource.kind}`, { cause: parsed.error })
      }
      objects.push(parsed.data)
    }
  }
  return objects
}

/**
 * Reads all objects of a kind, in one namespace or in the whole cluster, page by page, so that a big collection need
 * not be held as it came. Asked without a version, so the answer is never older than the call (the first page is a
 * consistent read and the others continue that same version, which each of them tells).
 *
 * @throws ApiError; status 410 when paging took so long that the version is gone: start again.
 */
export function listPages(
  rest: Pick<Rest, 'get'>,
  resource: Resource<StoredObject>,
  options: ListOptions = {},
): AsyncGenerator<Listing> {
  const { namespace, ...callOptions } = options
  const path = collectionPath(resource, namespace ?? resource.namespace)
  return pagesOf(rest, path, { query: selectors(resource), ...callOptions })
}

/**
 * The pages of the collection at `path`, each of about a MiB: how many objects that are follows from the pages
 * before. An object that is larger by itself has a page of its own. `first` is how many objects the first page may
 * have.
 *
 * @throws ApiError as `listPages` does
 */
export async function* pagesOf(
  rest: Pick<Rest, 'get'>,
  path: string,
  { query, first = FIRST_PAGE, ...call }: CallOptions & { query: Query; first?: number },
): AsyncGenerator<Listing> {
  let limit = first
  let next: string | undefined
  for (;;) {
    let bytes = 0
    const reply = await rest
      .get(path, {
        timeoutMs: PAGE_TIMEOUT_MS,
        ...call,
        query: { ...query, limit, continue: next },
        ...(limit > 1 && { maxBytes: MAX_PAGE_BYTES }),
        onSize: size => {
          bytes = size
        },
      })
      .catch(error => {
        if (limit === 1 || !isTooLarge(error)) throw error
      })
    if (reply === undefined) {
      limit = Math.max(1, Math.floor(limit / SHRINK))
      continue
    }
    const { metadata, items } = parsePage(path, reply)
    yield { items: items ?? [], resourceVersion: metadata.resourceVersion }
    limit = nextLimit(limit, bytes / Math.max(1, items?.length ?? 0))
    next = metadata.continue
    if (next === undefined || next === '') return
  }
}

function nextLimit(limit: number, bytesPerObject: number): number {
  const fitting = Math.floor(PAGE_BYTES / Math.max(1, bytesPerObject))
  return Math.max(1, Math.min(fitting, limit * GROW, MAX_PAGE))
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
