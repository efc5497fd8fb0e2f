import { valueAt } from '../admission/value-at.ts'
import { MAX_NAME, objectName } from '../api/schema/object-name.ts'
import { foreign, quote } from '../api/schema/text.ts'
import { type Violation, violation } from '../api/violation.ts'
import { type Manifest, members } from './manifest.ts'

/** RFC 1123, as Kubernetes reads it: the name of a namespace, and a part of most other names. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
/** Kubernetes: the name in a key, and the value of a label. */
const WORD = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/
/** Kubernetes: the Job controller adds eleven characters to the name of a CronJob. */
const MAX_CRON_JOB = 52
/** Kubernetes: the limit for all annotations of an object. */
const MAX_ANNOTATIONS = 262_144
const SHOWN = 8

/**
 * What the API server rejects in the metadata of an object and of its pod templates, before it calls any
 * webhook (Kubernetes: Object Names and IDs, Labels and Selectors, Annotations). `templates` are the places
 * of those.
 */
export function invalidMetadata(
  { object, kind }: Manifest,
  templates: readonly { path: string; raw: unknown }[],
): Violation[] {
  const own = { path: '', raw: object }
  return [
    ...nameProblems(object, kind),
    ...[own, ...templates].flatMap(({ path, raw }) => mapProblems(path === '' ? '' : `${path}.`, raw)),
  ].slice(0, SHOWN)
}

function nameProblems(object: unknown, kind: string): Violation[] {
  const name = valueAt(object, 'metadata.name')
  const generated = valueAt(object, 'metadata.generateName')
  const namespace = valueAt(object, 'metadata.namespace')
  const problems: Violation[] = []
  if (typeof name === 'string' && name !== '') {
    if (!objectName.safeParse(name).success) problems.push(notAName('metadata.name', name, MAX_NAME))
    else if (kind === 'CronJob' && name.length > MAX_CRON_JOB)
      problems.push(notAName('metadata.name', name, MAX_CRON_JOB))
  } else if (typeof generated === 'string' && generated !== '') {
    // The API server adds letters and digits, so a dash may be the last character here.
    if (!objectName.safeParse(`${generated}x`).success)
      problems.push(notAName('metadata.generateName', generated, MAX_NAME))
  }
  if (typeof namespace === 'string' && namespace !== '' && !LABEL.test(namespace))
    problems.push(
      invalid(
        'metadata.namespace',
        `${quote(namespace, 70)} is not the name of a namespace: at most 63 lower-case letters, digits and dashes`,
      ),
    )
  return problems
}

function mapProblems(at: string, raw: unknown): Violation[] {
  const labels = entriesAt(raw, 'labels')
  const annotations = entriesAt(raw, 'annotations')
  const size = annotations.reduce((sum, [key, value]) => sum + key.length + String(value).length, 0)
  return [
    ...labels.flatMap(([key, value]) => [
      ...keyProblems(`${at}metadata.labels`, 'label', key),
      ...(typeof value === 'string' && value !== '' && !WORD.test(value)
        ? [
            invalid(
              `${at}metadata.labels[${shown(key)}]`,
              `${quote(value, 70)} is not the value of a label: at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends`,
            ),
          ]
        : []),
      ...valueProblems(`${at}metadata.labels`, 'label', key, value),
    ]),
    ...annotations.flatMap(([key, value]) => [
      ...keyProblems(`${at}metadata.annotations`, 'annotation', key),
      ...valueProblems(`${at}metadata.annotations`, 'annotation', key, value),
    ]),
    ...(size > MAX_ANNOTATIONS
      ? [
          invalid(
            `${at}metadata.annotations`,
            `the annotations have ${size} characters together, and at most ${MAX_ANNOTATIONS} are allowed`,
          ),
        ]
      : []),
  ]
}

function keyProblems(field: string, what: string, key: string): Violation[] {
  const slash = key.indexOf('/')
  const domain = slash === -1 ? undefined : key.slice(0, slash).toLowerCase()
  const isKey =
    WORD.test(key.slice(slash + 1)) && (domain === undefined || objectName.safeParse(domain).success)
  if (isKey) return []
  return [
    invalid(
      `${field}[${shown(key)}]`,
      `${quote(key, 70)} is not the key of ${what === 'label' ? 'a label' : 'an annotation'}: a name of at most 63 letters, digits, dashes, underscores and dots, after an optional domain and a slash`,
    ),
  ]
}

function valueProblems(field: string, what: string, key: string, value: unknown): Violation[] {
  if (typeof value === 'string' || value === null) return []
  return [
    invalid(
      `${field}[${shown(key)}]`,
      `the value of ${what} ${shown(key)} is not text; put it in quotes: "${shown(String(value))}"`,
    ),
  ]
}

function entriesAt(raw: unknown, name: 'labels' | 'annotations'): [string, unknown][] {
  return Object.entries(members.safeParse(valueAt(raw, `metadata.${name}`)).data ?? {})
}

function notAName(field: string, name: string, max: number): Violation {
  return invalid(
    field,
    `${quote(name, 70)} is not the name of an object: at most ${max} lower-case letters, digits, dashes and dots, with a letter or digit at both ends`,
  )
}

const shown = (text: string) => foreign(text, 60)

function invalid(field: string, text: string): Violation {
  return violation('SpecInvalid', field, text)
}
