import { modelCache } from '../api/modelcache.ts'
import { type Violation, violation } from '../api/violation.ts'
import { members } from './manifest.ts'

/**
 * The fields of a ModelCache's spec that its schema does not have. The API server refuses them too, when kubectl asks
 * it to be strict as it does by default, and before it asks any webhook; so no rule of the server says this.
 */
export function unknownFields(object: unknown): Violation[] {
  const parsed = modelCache.safeParse(object)
  if (!parsed.success) return []
  return unknownIn(members.parse(object).spec, parsed.data.spec, 'spec').map(field =>
    violation(
      'SpecInvalid',
      field,
      `unknown field ${field}; correct its name or remove it (see: kubectl explain modelcache.spec)`,
    ),
  )
}

/** What the schema does not know, parsing has left out. */
function unknownIn(written: unknown, known: unknown, path: string): string[] {
  if (Array.isArray(written) && Array.isArray(known))
    return written.flatMap((element, index) => unknownIn(element, known[index], `${path}[${index}]`))
  const [given, kept] = [members.safeParse(written).data, members.safeParse(known).data]
  if (given === undefined || kept === undefined) return []
  return Object.entries(given).flatMap(([name, value]) =>
    // The API server takes null for absence.
    name in kept || value === null ? unknownIn(value, kept[name], `${path}.${name}`) : [`${path}.${name}`],
  )
}
