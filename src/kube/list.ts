import { z } from 'zod'
import { ApiError } from './api-error.ts'
import { isTooLarge } from './reply-body.ts'
import type { Query } from './request.ts'
import { collectionPath, parseObject, type Resource, type StoredObject, selectors } from './resource.ts'
import type { CallOptions, GetOptions, Rest } from './rest.ts'

/**
 * We drop a page that is larger than this, and ask again for fewer objects. In the worst case a parsed page
 * takes about twenty times as much memory.
 */
const MAX_PAGE_BYTES = 2 * 1024 * 1024
/** Half of that, so that a page of somewhat larger objects fits too. */
const PAGE_BYTES = MAX_PAGE_BYTES / 2
/** Objects on the first page, before we know their size, and the maximum on any page. */
const FIRST_PAGE = 100
const MAX_PAGE = 500
/**
 * How much smaller a page is after one that was too large, and how much a page may grow over the one before.
 */
const SHRINK = 8
const GROW = 4

const PAGE_TIMEOUT_MS = 30_000

const page = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  // Go writes an empty list of some kinds as null.
  items: z.array(z.unknown()).nullish(),
})

/** A part of a collection, or all of it, at one version. The items are not checked by a schema. */
export interface Listing {
  readonly items: readonly unknown[]
  readonly resourceVersion: string
}

export interface ListOptions {
  readonly namespace?: string
  readonly signal?: AbortSignal
  /** For each page. */
  readonly timeoutMs?: number
  readonly encoding?: GetOptions['encoding']
}

/**
 * Reads all objects of a kind like `listPages`, and keeps the fields in the schema of each.
 *
 * @throws ApiError, also for an object that its schema rejects
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
 * Reads all objects of a kind, in one namespace or in the whole cluster, page by page, so that nobody needs
 * to hold a large collection in its raw form. It asks without a version, so the answer is never older than
 * the call: the first page is a consistent read, and the others continue the same version.
 *
 * @throws ApiError; status 410 if paging took so long that the version is gone, in which case start again.
 */
export function listPages(
  rest: Pick<Rest, 'get'>,
  resource: Resource<StoredObject>,
  options: ListOptions = {},
): AsyncGenerator<Listing> {
  const { namespace, ...callOptions } = options
  const path = collectionPath(resource, namespace ?? resource.namespace)
  return pagesOf(rest, path, { query: selectors(resource), ahead: true, ...callOptions })
}

type PageOptions = CallOptions & Pick<GetOptions, 'encoding'> & { query: Query }
type PagesOptions = PageOptions & { first?: number; ahead?: boolean }

/**
 * The pages of the collection at `path`, each of about a MiB. The number of objects on a page follows from
 * the pages before. A single object that is larger has a page of its own. `first` is the maximum number of
 * objects on the first page. With `ahead`, the API server prepares the next page while somebody works on one,
 * which is for callers who read all of them.
 *
 * @throws ApiError like `listPages`
 */
export async function* pagesOf(
  rest: Pick<Rest, 'get'>,
  path: string,
  { query, first = FIRST_PAGE, ahead = false, ...call }: PagesOptions,
): AsyncGenerator<Listing> {
  const stop = new AbortController()
  const signal = call.signal === undefined ? stop.signal : AbortSignal.any([call.signal, stop.signal])
  const read = (place: Place) => readPage(rest, path, place, { ...call, query, signal })
  try {
    for (let coming = read({ limit: first, token: undefined }); ; ) {
      const { items, resourceVersion, next } = await coming
      const early = ahead && next !== undefined ? read(next) : undefined
      // Whoever goes on learns of it.
      early?.catch(() => {})
      yield { items, resourceVersion }
      if (next === undefined) return
      coming = early ?? read(next)
    }
  } finally {
    stop.abort()
  }
}

/** Where a page starts, and how many objects it may have. */
interface Place {
  limit: number
  token: string | undefined
}

/** Reads one page, with fewer objects if it is too large, and says where the next one is. */
async function readPage(
  rest: Pick<Rest, 'get'>,
  path: string,
  { limit: wanted, token }: Place,
  { query, ...call }: PageOptions,
): Promise<Listing & { next: Place | undefined }> {
  for (let limit = wanted; ; limit = Math.max(1, Math.floor(limit / SHRINK))) {
    let bytes = 0
    const reply = await rest
      .get(path, {
        timeoutMs: PAGE_TIMEOUT_MS,
        ...call,
        query: { ...query, limit, continue: token },
        ...(limit > 1 && { maxBytes: MAX_PAGE_BYTES }),
        onSize: size => {
          bytes = size
        },
      })
      .catch(error => {
        if (limit === 1 || !isTooLarge(error)) throw error
      })
    if (reply === undefined) continue
    const { metadata, items } = parsePage(path, reply)
    const listing = { items: items ?? [], resourceVersion: metadata.resourceVersion }
    if (!metadata.continue) return { ...listing, next: undefined }
    const perObject = bytes / Math.max(1, listing.items.length)
    return { ...listing, next: { limit: nextLimit(limit, perObject), token: metadata.continue } }
  }
}

function nextLimit(limit: number, bytesPerObject: number): number {
  const fitting = Math.floor(PAGE_BYTES / Math.max(1, bytesPerObject))
  return Math.max(1, Math.min(fitting, limit * GROW, MAX_PAGE))
}

/**
 * The present version of a collection, for the price of one object.
 *
 * @throws ApiError
 */
export async function currentVersion(
  rest: Rest,
  resource: Resource<StoredObject>,
  signal: AbortSignal,
): Promise<string> {
  const path = collectionPath(resource, resource.namespace)
  // Without labels: with them, the server may have to read all objects to find the first match.
  const { fieldSelector } = selectors(resource)
  return parsePage(path, await rest.get(path, { signal, query: { fieldSelector, limit: 1 } })).metadata
    .resourceVersion
}

function parsePage(path: string, reply: unknown): z.infer<typeof page> {
  const parsed = page.safeParse(reply)
  if (parsed.success) return parsed.data
  throw new ApiError(0, 'MalformedReply', `the answer to GET ${path} is not a list`, { cause: parsed.error })
}
