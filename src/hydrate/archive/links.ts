import { posix } from 'node:path'
import { quote } from '../../api/schema/text.ts'
import { HydrationError } from '../failure.ts'

/** As many links in a row as Linux follows. */
const MAX_HOPS = 40

/**
 * Where wanted symbolic links of an archive lead to: the file that each becomes a copy of, by its name in the
 * archive. A link may lead to a link.
 *
 * @throws HydrationError ArchiveInvalid for a link that leads out of the archive, or to no file of it.
 */
export function resolveLinks(
  wanted: readonly string[],
  links: ReadonlyMap<string, string>,
  isFile: (name: string) => boolean,
): Map<string, string> {
  return new Map(wanted.map(link => [link, targetOf(link, links, isFile)]))
}

function targetOf(
  link: string,
  links: ReadonlyMap<string, string>,
  isFile: (name: string) => boolean,
): string {
  let name = link
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    if (isFile(name)) return name
    const next = links.get(name)
    if (next === undefined) break
    name = leadsTo(name, next)
  }
  throw linkInvalid(link, links.get(link) ?? '', 'which is no file of the archive')
}

/** The place that a link names, relative to the folder of the link. */
function leadsTo(link: string, linkname: string): string {
  const place = posix.normalize(posix.join(posix.dirname(link), linkname))
  if (linkname.startsWith('/') || place === '..' || place.startsWith('../'))
    throw linkInvalid(link, linkname, 'which is outside of the archive')
  return place
}

export function linkInvalid(link: string, linkname: string, why: string): HydrationError {
  const message = `the archive is rejected: entry ${quote(link)} is a link to ${quote(linkname)}, ${why}; put the file itself in the archive (tar --dereference --hard-dereference)`
  return new HydrationError('ArchiveInvalid', message, { file: link.slice(0, 1024) })
}
