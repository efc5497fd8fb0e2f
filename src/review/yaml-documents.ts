import {
  type Document,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  type Tags,
} from 'yaml'
import type { Problem } from './manifest.ts'

/** A value of the text, its position, and the positions of its members. */
export interface Located {
  value: unknown
  /** From 1. */
  line: number
  /** The elements of the array `items`, with their positions; undefined if there is no such array. */
  items(): Located[] | undefined
}

/** Go's YAML does not know these either, and JSON, in which Kubernetes stores objects, has no such values. */
const NOT_IN_KUBERNETES = ['binary', 'omap', 'pairs', 'set', 'timestamp'].map(
  name => `tag:yaml.org,2002:${name}`,
)

/** kubectl reads YAML 1.1 (`yes` is true, `0644` is octal, `<<` merges) without times and base-60 numbers. */
const OPTIONS = {
  version: '1.1',
  // An unrendered `{{ .Values.x }}` parses as a key that is a map.
  stringKeys: true,
  prettyErrors: false,
  logLevel: 'error',
  customTags: (tags: Tags) =>
    tags.filter(
      tag => typeof tag === 'string' || (tag.format !== 'TIME' && !NOT_IN_KUBERNETES.includes(tag.tag)),
    ),
} as const

/** The non-empty documents of a YAML or JSON text, and what is wrong with it. Duplicate keys are an error. */
export function parseDocuments(file: string, text: string): { documents: Located[]; problems: Problem[] } {
  const lineCounter = new LineCounter()
  const documents: Located[] = []
  const problems: Problem[] = []
  const problemAt = (offset: number, message: string) => {
    const { line, col } = lineCounter.linePos(offset)
    problems.push({ file, line: Math.max(line, 1), column: Math.max(col, 1), message })
  }
  for (const document of parseAllDocuments(text, { ...OPTIONS, lineCounter })) {
    // Errors after the first one are mostly echoes of it. A duplicate key is not.
    const errors = document.errors.filter(({ code }, index) => index === 0 || code === 'DUPLICATE_KEY')
    for (const { message, pos } of errors) problemAt(pos[0], message)
    if (errors.length > 0) continue
    const value = plainValue(document)
    if (value instanceof Error) problemAt(document.contents?.range[0] ?? 0, value.message)
    else if (value !== null && value !== undefined)
      documents.push(located(value, document.contents, 1, lineCounter))
  }
  return { documents, problems }
}

/**
 * The library bounds how much aliases may expand a document. It throws beyond that, and for an alias without
 * an anchor.
 */
function plainValue(document: Document.Parsed): unknown {
  try {
    return document.toJS()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function located(value: unknown, node: unknown, parentLine: number, lines: LineCounter): Located {
  const range: ParsedNode['range'] | null | undefined = isNode(node) ? node.range : undefined
  const line = range ? lines.linePos(range[0]).line : parentLine
  return {
    value,
    line,
    items() {
      if (typeof value !== 'object' || value === null || !('items' in value)) return undefined
      if (!Array.isArray(value.items)) return undefined
      const nodes = isMap(node) ? node.get('items', true) : undefined
      return value.items.map((item, index) =>
        located(item, isSeq(nodes) ? nodes.items[index] : undefined, line, lines),
      )
    },
  }
}
