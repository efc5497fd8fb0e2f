import { annotation, CACHES, NOT_READY } from './cluster.ts'
import { isObjectName } from './names.ts'

/** What the annotations of a pod ask for. */
export interface Wishes {
  /** The names of the caches; undefined where the annotation cannot be read as such. */
  caches: string[] | undefined
  /** The pod would rather wait at a scheduling gate than be refused; undefined where it says neither yes nor no. */
  gate: boolean | undefined
}

export const NO_WISHES: Wishes = { caches: [], gate: false }

/** The wishes of a pod or a template; undefined where it names no caches at all. */
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

/** Without the white space of ASCII around it; what else looks like space belongs to the name. */
export function unpadded(word: string): string {
  const isSpace = (character: string | undefined) => character !== undefined && ' \t\r\n'.includes(character)
  const characters = [...word]
  while (isSpace(characters[0])) characters.shift()
  while (isSpace(characters.at(-1))) characters.pop()
  return characters.join('')
}

/** One to sixteen names of objects, separated by commas, each once. */
function cacheNames(asked: string): string[] | undefined {
  const names = asked.split(',').map(unpadded)
  if (names.length > 16 || !names.every(isObjectName)) return undefined
  return new Set(names).size === names.length ? names : undefined
}
