import { posix } from 'node:path'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'
import { contentOf } from '../fetch/content.ts'
import type { Http, SourceRequest } from '../fetch/http.ts'
import { shown } from '../fetch/rejection.ts'
import { withRetries } from '../fetch/retry.ts'

/** Far more than a model has files. */
const MAX_BYTES = 4 * 1024 * 1024

/**
 * `HEX  NAME` or `HEX *NAME`, as GNU sha256sum writes it. With --tag, and on BSD, it is
 * `SHA256 (NAME) = HEX`.
 */
const LINE = /^\\?([0-9a-f]{64}) [ *](.+)$/i
const TAGGED = /^SHA256 \((.+)\) = ([0-9a-f]{64})$/

/** The SHA-256 of each file in a checksum file, by its path there. */
export function parseChecksums(text: string): Map<string, string> {
  const sums = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const [, hash = '', name = ''] = LINE.exec(line) ?? []
    const [, taggedName = '', taggedHash = ''] = TAGGED.exec(line) ?? []
    const path = (name || taggedName).replace(/^(\.\/)+/, '')
    if (path !== '') sums.set(path, (hash || taggedHash).toLowerCase())
  }
  return sums
}

/**
 * Fetches a checksum file, and returns what it says of the file behind a URL, by the end of its path.
 *
 * @throws HydrationError SourceNotFound if it says nothing of the file, or several things.
 */
export async function checksumFile(http: Http, request: SourceRequest): Promise<(url: string) => string> {
  const text = await withRetries(async () => contentOf(await http.get(request), request.url, MAX_BYTES), {
    signal: request.signal,
  })
  const sums = [...parseChecksums(text.toString('utf8'))]
  return url => {
    const path = decodeURI(new URL(url).pathname)
    const matching = sums.filter(([name]) => path.endsWith(`/${name}`))
    const base = posix.basename(path)
    const found = matching.length > 0 ? matching : sums.filter(([name]) => posix.basename(name) === base)
    const hashes = new Set(found.map(([, hash]) => hash))
    const [hash] = hashes
    if (hash !== undefined && hashes.size === 1) return hash
    const what = hash === undefined ? 'no SHA-256' : 'several SHA-256'
    const message = `${shown(request.url)} has ${what} for ${quote(base)}; correct sha256sums`
    throw new HydrationError('SourceNotFound', message)
  }
}
