import { stringify } from 'yaml'
import type { Operation } from '../injection/json-patch.ts'
import { members } from './manifest.ts'

/**
 * The additions of a patch for people, one on each line: the place, with elements of arrays by their names,
 * and the value as YAML on one line. `spec.containers[vllm].volumeMounts: {name: weights, mountPath:
 * /mnt/model, readOnly: true}`
 */
export function additionLines(object: unknown, patch: readonly Operation[]): string[] {
  return patch.flatMap(({ path, value }) => {
    const segments = path.slice(1).split('/').map(unescaped)
    const last = segments.at(-1) ?? ''
    const parent = placeOf(object, segments.slice(0, -1))
    if (last === '-') return [`${parent}: ${oneLine(value)}`]
    const place = placeOf(object, segments)
    // The first element of an absent array creates the array, and so does the first member of a map.
    if (Array.isArray(value)) return value.map(element => `${place}: ${oneLine(element)}`)
    const map = members.safeParse(value).data
    if (map === undefined) return [`${parent}: ${oneLine({ [last]: value })}`]
    return Object.entries(map).map(([name, member]) => `${place}: ${oneLine({ [name]: member })}`)
  })
}

const unescaped = (segment: string) => segment.replaceAll('~1', '/').replaceAll('~0', '~')

/** The dotted path of a JSON Pointer's segments. */
function placeOf(object: unknown, segments: readonly string[]): string {
  let value = object
  let place = ''
  for (const segment of segments) {
    if (Array.isArray(value)) {
      value = value[Number(segment)]
      place += `[${nameOf(value) ?? segment}]`
    } else {
      value = members.safeParse(value).data?.[segment]
      place += place === '' ? segment : `.${segment}`
    }
  }
  return place
}

function nameOf(value: unknown): string | undefined {
  const name = members.safeParse(value).data?.name
  return typeof name === 'string' ? name : undefined
}

function oneLine(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trimEnd()
}
