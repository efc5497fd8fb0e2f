import { z } from 'zod'
import { GROUP, VERSION } from './group.ts'
import { modelCache } from './modelcache.ts'

type JsonSchema = Record<string, unknown>

/** The columns of `kubectl get modelcaches`; priority 1 shows with `-o wide`. */
const PRINTER_COLUMNS = [
  { name: 'Source', type: 'string', jsonPath: '.status.source', description: 'Where the bytes come from.' },
  {
    name: 'Backend',
    type: 'string',
    jsonPath: '.spec.storage.backend',
    description: 'Where they are staged.',
  },
  { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'State in one word.' },
  { name: 'Progress', type: 'string', jsonPath: '.status.progress', description: 'Share staged.' },
  { name: 'Size', type: 'string', jsonPath: '.status.size', description: 'Size of the artifact.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  {
    name: 'Digest',
    type: 'string',
    jsonPath: '.status.resolvedDigest',
    priority: 1,
    description: 'What was staged.',
  },
  {
    name: 'Mount',
    type: 'string',
    jsonPath: '.spec.mount.path',
    priority: 1,
    description: 'Path in containers.',
  },
]

/** The CustomResourceDefinition of ModelCache, made from the zod schema. */
export function modelCacheCrd(): JsonSchema {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `modelcaches.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: 'ModelCache',
        listKind: 'ModelCacheList',
        plural: 'modelcaches',
        singular: 'modelcache',
        shortNames: ['mc'],
        categories: ['all'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: PRINTER_COLUMNS,
          schema: { openAPIV3Schema: structuralSchema() },
        },
      ],
    },
  }
}

/**
 * A structural schema as apiextensions/v1 wants it: OpenAPI 3.0, every node typed, no `$ref`, and the three
 * root fields that the API server owns (apiVersion, kind, metadata) left to it.
 */
function structuralSchema(): JsonSchema {
  const schema = z.toJSONSchema(modelCache, {
    target: 'openapi-3.0',
    io: 'input',
    override: ({ jsonSchema }) => makeStructural(jsonSchema),
  }) as { description: string; properties: Record<string, JsonSchema> }
  return {
    type: 'object',
    description: schema.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: schema.properties.spec,
      status: schema.properties.status,
    },
  }
}

function makeStructural(node: JsonSchema): void {
  if (node['x-kubernetes-int-or-string'] === true) {
    delete node.anyOf
  }
  if (node.type === 'integer') {
    node.format = 'int64'
    // zod's bounds of a safe integer; the field's own bounds, if any, are tighter and stay.
    if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum
    if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum
  }
  if (isEmptyObjectSchema(node.additionalProperties)) {
    // A loose object: whatever it holds is kept, so that the rule that rejects it by name sees it.
    delete node.additionalProperties
    node['x-kubernetes-preserve-unknown-fields'] = true
  }
  // Keys of maps are checked where they are used; structural schemas cannot describe them.
  delete node.propertyNames
  delete node.$schema
}

function isEmptyObjectSchema(value: unknown): boolean {
  return value === true || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}
