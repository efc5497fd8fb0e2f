import { z } from 'zod'
import { page, table, wrapped } from './markdown.ts'

/** What the page says about a node of a schema. */
const node = z.object({
  type: z.string().optional(),
  description: z.string().optional(),
  enum: z.array(z.string()).optional(),
  default: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
  maxProperties: z.number().optional(),
  format: z.string().optional(),
  required: z.array(z.string()).optional(),
  'x-kubernetes-int-or-string': z.boolean().optional(),
  get properties() {
    return z.record(z.string(), node).optional()
  },
  get items() {
    return node.optional()
  },
  get additionalProperties() {
    return node.optional()
  },
})
type Node = z.infer<typeof node>

const definition = z.object({
  spec: z.object({
    scope: z.string(),
    names: z.object({ kind: z.string(), shortNames: z.array(z.string()) }),
    versions: z.tuple([z.object({ schema: z.object({ openAPIV3Schema: node }) })]),
  }),
})

const INTRODUCTION =
  'Every field of every kind, as `kubectl explain --recursive` shows it. Rules between fields are on the page of [reasons](reasons.md), and the reasons in a status are on [another page](status-reasons.md).'

const COLUMNS = ['field', 'type', 'meaning']

/** docs/api.md: the fields of each kind, from its CustomResourceDefinition. */
export function apiMarkdown(definitions: readonly unknown[]): string {
  return page('src/api/', 'API', [wrapped(INTRODUCTION), ...definitions.flatMap(sectionOf)])
}

function sectionOf(crd: unknown): string[] {
  const { scope, names, versions } = definition.parse(crd).spec
  const schema = versions[0].schema.openAPIV3Schema
  const { spec, status } = schema.properties ?? {}
  return [
    `## ${names.kind}`,
    wrapped(
      `${schema.description ?? ''} ${scope}; its short name in kubectl is ${names.shortNames.join(', ')}.`,
    ),
    ...(spec ? [table(COLUMNS, rowsOf('spec', spec, false))] : []),
    ...(status ? [table(COLUMNS, rowsOf('status', status, false))] : []),
  ]
}

/** A row for the node, and one for each node below it. */
function rowsOf(path: string, schema: Node, isRequired: boolean): string[][] {
  const type = isRequired ? `${typeOf(schema)}, required` : typeOf(schema)
  const meaning = [schema.description, boundsOf(schema)].filter(Boolean).join(' ')
  const inner = schema.items ?? schema.additionalProperties
  return [
    [`\`${path}\``, type, meaning],
    ...membersOf(path, schema),
    ...(inner ? membersOf(`${path}[]`, inner) : []),
  ]
}

function membersOf(path: string, { properties = {}, required = [] }: Node): string[][] {
  return Object.entries(properties).flatMap(([name, member]) =>
    rowsOf(`${path}.${name}`, member, required.includes(name)),
  )
}

function typeOf({ type, format, items, additionalProperties, ...schema }: Node): string {
  if (schema['x-kubernetes-int-or-string']) return 'integer or string'
  if (items) return `list of ${typeOf(items)}s`
  if (additionalProperties) return `map of ${typeOf(additionalProperties)}s`
  return format ?? type ?? 'object'
}

/** Description, default and bounds, as sentences. */
function boundsOf(schema: Node): string {
  const { enum: words, minimum, maximum, maxLength, maxItems, maxProperties } = schema
  const parts = [
    words && `One of ${words.join(', ')}.`,
    schema.default !== undefined && `Default ${JSON.stringify(schema.default)}.`,
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER && `At least ${minimum}.`,
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `At most ${maximum}.`,
    maxLength !== undefined && `At most ${maxLength} characters.`,
    maxItems !== undefined && `At most ${maxItems} items.`,
    maxProperties !== undefined && `At most ${maxProperties} entries.`,
  ]
  return parts.filter(part => part !== false && part !== undefined).join(' ')
}
