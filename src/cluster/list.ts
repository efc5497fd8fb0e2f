import { z } from 'zod'
import { ApiError } from './apierror.ts'
import { collectionPath, type Resource, type StoredObject } from './resource.ts'
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
  const path = collectionPath(resource, namespace)
  const items: unknown[] = []
  let next: string | undefined
  while (true) {
    const reply = await rest.get(path, {
      timeoutMs: PAGE_TIMEOUT_MS,
      ...callOptions,
      query: { labelSelector: resource.labelSelector, limit: PAGE_SIZE, continue: next },
    })
    const parsed = page.safeParse(reply)
    if (!parsed.success) {
      throw new ApiError(0, 'MalformedReply', `the answer to GET ${path} is not a list`, {
        cause: parsed.error,
      })
    }
    for (const item of parsed.data.items ?? []) items.push(item)
    next = parsed.data.metadata.continue
    if (next === undefined || next === '') {
      return { items, resourceVersion: parsed.data.metadata.resourceVersion }
    }
  }
}
