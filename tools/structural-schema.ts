import { z } from 'zod'

export type JsonSchema = Record<string, unknown>

const rootSchema = z.object({
  description: z.string(),
  properties: z.record(z.string(), z.record(z.string(), z.unknown())),
  required: z.array(z.string()).optional(),
})

/** Root fields that the API server defines. A schema may name them, and nothing more. */
const OWNED = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } }

/**
 * The schema of a kind as apiextensions/v1 wants it: OpenAPI 3.0, every node typed, no `$ref`, and without
 * the three root fields of the API server (apiVersion, kind, metadata).
 */
export function structuralSchema(kind: z.ZodType): JsonSchema {
  const schema = z.toJSONSchema(kind, {
    target: 'openapi-3.0',
    io: 'input',
    override: ({ jsonSchema }) => makeStructural(jsonSchema),
  })
  const { description, properties, required = [] } = rootSchema.parse(schema)
  const requiredHere = required.filter(field => !(field in OWNED))
  for (const node of Object.values(properties)) placeRules(node)
  return {
    type: 'object',
    description,
    ...(requiredHere.length > 0 && { required: requiredHere }),
    properties: { ...properties, ...OWNED },
  }
}

const RULES = 'x-kubernetes-validations'
const rules = z.array(z.looseObject({ at: z.string().optional() }))

/** Moves each rule of a node to the object inside that it is about. */
function placeRules(node: JsonSchema): void {
  const listed = rules.parse(node[RULES] ?? [])
  delete node[RULES]
  for (const { at, ...rule } of listed) {
    const object = (at ? at.split('.') : []).reduce(memberOf, node)
    object[RULES] = [...rules.parse(object[RULES] ?? []), rule]
  }
}

function memberOf({ properties }: JsonSchema, name: string): JsonSchema {
  const member = (properties as Record<string, JsonSchema> | undefined)?.[name]
  if (member === undefined) throw new Error(`a rule is about ${name}, which the schema does not have`)
  return member
}

function makeStructural(node: JsonSchema): void {
  if (node['x-kubernetes-int-or-string'] === true) {
    delete node.anyOf
  }
  if (node.type === 'integer') {
    node.format = 'int64'
    // zod's bounds of a safe integer. The field's own bounds are tighter and stay.
    if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum
    if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum
  }
  if (isEmptyObjectSchema(node.additionalProperties)) {
    // A loose object: everything in it is kept, so that the rule that denies it by name can see it.
    delete node.additionalProperties
    node['x-kubernetes-preserve-unknown-fields'] = true
  }
  // The API server does not store an empty one, and `kubectl apply` would show a difference forever.
  if (isEmptyObjectSchema(node.properties)) delete node.properties
  // Keys of maps are checked where they are used. Structural schemas cannot describe them.
  delete node.propertyNames
  delete node.$schema
}

function isEmptyObjectSchema(value: unknown): boolean {
  return value === true || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}
