import { z } from 'zod'
import { type Violation, violation } from '../api/violation.ts'
import { members } from './manifest.ts'

const withSpec = z.looseObject({ spec: z.unknown() })

/**
 * The fields of the spec of one of our objects that its schema does not have. The API server rejects them
 * too, if kubectl asks for strict validation as it does by default, and before it calls any webhook. So no
 * rule of the server covers this.
 */
export function unknownFields(object: unknown, schema: z.ZodType, kind: string): Violation[] {
  const parsed = schema.safeParse(object)
  if (!parsed.success) return []
  return unknownIn(members.parse(object).spec, withSpec.parse(parsed.data).spec, 'spec').map(field =>
    violation(
      'SpecInvalid',
      field,
      `unknown field ${field}; correct its name or remove it (see: kubectl explain ${kind}.spec)`,
    ),
  )
}

/** Parsing has dropped what the schema does not know. */
function unknownIn(written: unknown, known: unknown, path: string): string[] {
  if (Array.isArray(written) && Array.isArray(known))
    return written.flatMap((element, index) => unknownIn(element, known[index], `${path}[${index}]`))
  const [given, kept] = [members.safeParse(written).data, members.safeParse(known).data]
  if (given === undefined || kept === undefined) return []
  return Object.entries(given).flatMap(([name, value]) =>
    // For the API server, null means absence.
    name in kept || value === null ? unknownIn(value, kept[name], `${path}.${name}`) : [`${path}.${name}`],
  )
}
