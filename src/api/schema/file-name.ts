import { UNPRINTABLE } from './text.ts'

const unprintable = new RegExp(UNPRINTABLE, 'u')

const MAX_SEGMENT_BYTES = 255

/** Characters of the name of a file, folders included. */
export const MAX_FILE_NAME = 1024

/**
 * What is wrong with the name of a file in a snapshot, as the end of a sentence that starts with the name;
 * undefined if nothing is. A name that passes lies within the snapshot on any file system.
 */
export function fileNameProblem(name: string): string | undefined {
  if (name.length > MAX_FILE_NAME) return `which has more than ${MAX_FILE_NAME} characters; shorten it`
  if (name.startsWith('/')) return 'which is absolute; name it relative to the mount path'
  const segments = name.split('/')
  if (segments.some(segment => ['', '.', '..'].includes(segment))) {
    return 'which has an empty part, "." or ".."; write a plain path, such as templates/chat.jinja'
  }
  if (unprintable.test(name)) return 'which has control or invisible characters; rename it'
  if (segments.some(segment => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) {
    return 'which has a part of more than 255 bytes; no file system accepts it'
  }
  return undefined
}
