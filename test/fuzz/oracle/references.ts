import { annotation, CACHES, NOT_READY } from './cluster.ts'
import { isObjectName } from './names.ts'

/** What the annotations of a pod ask for. */
export interface Wishes {
  /** The names of the caches; undefined if the annotation cannot be read. */
  caches: string[] | undefined
  /**
   * The pod wants to wait at a scheduling gate instead of being denied; undefined if it says neither yes nor
   * no.
   */
  gate: boolean | undefined
}

export const NO_WISHES: Wishes = { caches: [], gate: false }

/** The wishes of a pod or a template; undefined if it names no caches at all. */
export function wishesOf(pod: unknown): Wishes | undefined {
  const asked = annotation(pod, CACHES)
  if (asked === undefined) return undefined
  const notReady = annotation(pod, NOT_READY)
  const gate =
    notReady !== undefined && unpadded(notReady) === 'Gate'
      ? true
      : notReady === undefined
        ? false
        : undefined
  return { caches: cacheNames(asked), gate }
}

export function areSound({ caches, gate }: Wishes): boolean {
  return caches !== undefined && gate !== undefined
}

/** Without surrounding ASCII white space. Other white space belongs to the name. */
export function unpadded(word: string): string {
  const isSpace = (character: string | undefined) => character !== undefined && ' \t\r\n'.includes(character)
  const characters = [...word]
  while (isSpace(characters[0])) characters.shift()
  while (isSpace(characters.at(-1))) characters.pop()
  return characters.join('')
}

/** One to sixteen object names, separated by commas, each once. */
function cacheNames(asked: string): string[] | undefined {
  const names = asked.split(',').map(unpadded)
  if (names.length > 16 || !names.every(isObjectName)) return undefined
  return new Set(names).size === names.length ? names : undefined
}
