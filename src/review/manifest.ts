import { z } from 'zod'
import { printable, printableLines } from '../api/schema/text.ts'

/** One object of the input, and its position. */
export interface Manifest {
  file: string
  /** The line where the object begins, from 1. */
  line: number
  apiVersion: string
  kind: string
  /**
   * The object's own namespace, or the default one for objects that state none. It has no meaning for kinds
   * without namespaces.
   */
  namespace: string
  /** Its name, or the beginning of the name that the API server will generate. Empty if it has neither. */
  name: string
  /** As written. */
  object: Readonly<Record<string, unknown>>
}

/** Why some of the input cannot be read. Line and column count from 1. */
export interface Problem {
  file: string
  line?: number
  column?: number
  message: string
}

/**
 * `file:line:column: message`, as far as the position is known, in the form that editors and CI systems
 * recognize.
 */
export function problemLine({ file, line, column, message }: Problem): string {
  const place = [file, line, column].filter(part => part !== undefined).join(':')
  return printableLines(`${printable(place)}: ${message}`)
}

/** Anything with named members. */
export const members = z.record(z.string(), z.unknown())

const word = z.string().optional().catch(undefined)
const identity = z.object({ name: word, generateName: word, namespace: word })
const envelope = z.object({
  apiVersion: word,
  kind: word,
  metadata: identity.catch({ name: undefined, generateName: undefined, namespace: undefined }),
})

/** The manifest of a parsed object, or in a few words why it is not one. */
export function manifestOf(
  value: unknown,
  place: { file: string; line: number; namespace: string },
): Manifest | string {
  const object = members.safeParse(value)
  if (!object.success) return 'not a Kubernetes object'
  const { apiVersion, kind, metadata } = envelope.parse({ metadata: undefined, ...object.data })
  if (!apiVersion || !kind) {
    const missing = [!apiVersion && 'apiVersion', !kind && 'kind'].filter(Boolean).join(' and ')
    return `not a Kubernetes object: it has no ${missing}`
  }
  return {
    file: place.file,
    line: place.line,
    apiVersion,
    kind,
    namespace: metadata.namespace || place.namespace,
    name: metadata.name ?? metadata.generateName ?? '',
    object: object.data,
  }
}

/** The object with its namespace filled in, as the API server does before it calls anybody. */
export function inNamespace({ object, namespace }: Manifest): Record<string, unknown> {
  const metadata = members.safeParse(object.metadata)
  return metadata.success ? { ...object, metadata: { ...metadata.data, namespace } } : { ...object }
}

/** The API group of an `apiVersion`. The core group has no name. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}
