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

/** A value of the text, where it begins, and where its members do. */
export interface Located {
  value: unknown
  /** From 1. */
  line: number
  /** The elements of the array `items`, located too; undefined where there is no such array. */
  items(): Located[] | undefined
}

/** Go's YAML knows these neither, and JSON, in which Kubernetes keeps objects, has no such values. */
const NOT_IN_KUBERNETES = ['binary', 'omap', 'pairs', 'set', 'timestamp'].map(
  name => `tag:yaml.org,2002:${name}`,
)

/**
 * The YAML of kubectl is 1.1 (`yes` is true, `0644` is octal, `<<` merges) without times and numbers to the base of
 * 60.
 */
const OPTIONS = {
  version: '1.1',
  // A key that is a map is what an unrendered `{{ .Values.x }}` parses as.
  stringKeys: true,
  prettyErrors: false,
  logLevel: 'error',
  customTags: (tags: Tags) =>
    tags.filter(
      tag => typeof tag === 'string' || (tag.format !== 'TIME' && !NOT_IN_KUBERNETES.includes(tag.tag)),
    ),
} as const

/**
 * The documents of a YAML or JSON text that are not empty, and what is wrong with it. Keys that are given twice are
 * an error.
 */
export function parseDocuments(file: string, text: string): { documents: Located[]; problems: Problem[] } {
  const lineCounter = new LineCounter()
  const documents: Located[] = []
  const problems: Problem[] = []
  const problemAt = (offset: number, message: string) => {
    const { line, col } = lineCounter.linePos(offset)
    problems.push({ file, line: Math.max(line, 1), column: Math.max(col, 1), message })
  }
  for (const document of parseAllDocuments(text, { ...OPTIONS, lineCounter })) {
    // What follows a first error is mostly its echo; a second key of the same name is not.
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
 * The library bounds how much aliases may blow up a document; beyond that, and for an alias without its anchor, it
 * throws.
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
