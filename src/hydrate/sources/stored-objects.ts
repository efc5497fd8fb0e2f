import { posix } from 'node:path'
import { HydrationError } from '../failure.ts'
import { type Listing, type SourceFile, START_BYTES } from './source.ts'

/** An object of a bucket or container. */
export interface StoredObject {
  key: string
  /** Bytes. */
  size: number
}

const MAX_OBJECTS = 100_000
/** Characters of all keys together. */
const MAX_KEYS = 16 * 1024 * 1024

/** A page of a listing, and the token of the next one. */
export interface Page<O extends StoredObject> {
  objects: readonly O[]
  next: string | undefined
}

/**
 * All objects of a listing.
 *
 * @throws HydrationError SourceNotFound for more than a hydration has memory for, SourceUnavailable for a
 * listing that has no end.
 */
export async function allObjects<O extends StoredObject>(
  where: string,
  pageAt: (token: string | undefined) => Promise<Page<O>>,
): Promise<O[]> {
  const found: O[] = []
  const tokens = new Set<string>()
  let characters = 0
  for (let token: string | undefined; ; ) {
    const { next, objects } = await pageAt(token)
    for (const object of objects) {
      characters += object.key.length
      if (found.push(object) > MAX_OBJECTS || characters > MAX_KEYS)
        throw new HydrationError('SourceNotFound', `${where} has more than ${MAX_OBJECTS} objects there`)
    }
    if (next === undefined) return found
    if (tokens.has(next)) throw new HydrationError('SourceUnavailable', `the listing of ${where} has no end`)
    tokens.add(next)
    token = next
  }
}

/** What the key of a URI names. */
export interface Named<O extends StoredObject> {
  objects: readonly O[]
  /** The front of the keys, which is not part of the paths. */
  base: string
  /** It is one object, which may be an archive. */
  isObject: boolean
}

/** A key without a slash at its end may name an object, or what lies below it. */
export async function objectsNamed<O extends StoredObject>(
  key: string,
  list: (prefix: string) => Promise<readonly O[]>,
): Promise<Named<O>> {
  const folder = key === '' || key.endsWith('/') ? key : `${key}/`
  // A key with a slash at its end is a marker of a console for a folder.
  const below = (await list(folder)).filter(object => !object.key.endsWith('/'))
  if (below.length > 0 || folder === key) return { objects: below, base: folder, isObject: false }
  const same = (await list(key)).filter(object => object.key === key)
  return { objects: same, base: key.slice(0, key.length - posix.basename(key).length), isObject: true }
}

/** The files of what a key names. */
export function listingOf(files: readonly SourceFile[], isObject: boolean, signal: AbortSignal): Listing {
  const [only] = files
  if (only === undefined || !isObject) return { files }
  return { files, archive: { start: () => startOf(only, signal) } }
}

async function startOf(file: SourceFile, signal: AbortSignal): Promise<Buffer> {
  const to = Math.min(START_BYTES, file.size ?? START_BYTES)
  if (to === 0) return Buffer.alloc(0)
  const { content } = await file.open({ from: 0, to }, signal)
  return Buffer.concat(await Array.fromAsync(content))
}
