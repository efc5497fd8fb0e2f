import { isDeepStrictEqual } from 'node:util'
import { quote } from '../../api/schema/text.ts'
import { hasFormat, SIGNED, SOURCE_FORMATS, URL_ONCE } from '../../api/source-formats.ts'
import { violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import { valueAt } from '../value-at.ts'
import type { Rule } from './change.ts'
import { inlineFileProblems } from './inline-files.ts'

const URL_FIELDS = [
  'artifact.source.huggingFace.endpoint',
  'artifact.source.http.url',
  'artifact.source.s3.endpoint',
]
const SECRET_VALUE = new RegExp(`(?<name>${SIGNED})[^&;#]*`, 'gu')
const INLINE_FIELD = 'artifact.source.inline.files'

/**
 * The source follows the grammar of its kind, so a typo shows up here and not in a Job. Runs on CREATE and
 * when the source changes, so an older object can still get a new label.
 */
export const sourceInvalid: Rule = ({ cache: { spec }, old }) => {
  if (old !== undefined && isDeepStrictEqual(old.spec.artifact.source, spec.artifact.source)) return []
  const files = spec.artifact.source?.inline?.files
  const http = spec.artifact.source?.http
  const isUrlClear = http === undefined || (http.url !== undefined) !== (http.secretRef?.urlKey !== undefined)
  const problems = [
    ...(isUrlClear ? [] : [{ field: 'artifact.source.http', text: URL_ONCE }]),
    ...formatProblems(spec),
    ...(files ? inlineFileProblems(files) : []).map(text => ({ field: INLINE_FIELD, text })),
  ]
  return problems.map(({ field, text }) =>
    error(violation('SourceInvalid', `spec.${field}`, `spec.${field} ${text}`)),
  )
}

function formatProblems(spec: unknown) {
  const told = new Set<string>()
  // If a value is wrong in several ways, we report the first.
  const isNew = (field: string, value: string) => told.size < told.add(JSON.stringify([field, value])).size
  const broken = SOURCE_FORMATS.flatMap(format =>
    valuesAt(spec, format.field)
      .filter(value => !hasFormat(value, format) && isNew(format.field, value))
      .map(value => ({ field: format.field, text: `is ${show(value)}; it must ${format.must}` })),
  )
  // URLs that match the pattern but that the platform's parser rejects: a port out of range, a bad host.
  const urls = URL_FIELDS.filter(field => !broken.some(problem => problem.field === field)).flatMap(field =>
    valuesAt(spec, field)
      .filter(value => !URL.canParse(value))
      .map(value => ({ field, text: `is ${show(value)}, which is not a URL; check its host and port` })),
  )
  return [...broken, ...urls]
}

function valuesAt(spec: unknown, field: string): string[] {
  const value = valueAt(spec, field)
  return [value].flat().filter(item => typeof item === 'string')
}

/** Leaves out what may be a password, because messages end up in logs and Events. */
function show(value: string): string {
  const shown = value.replace(/\/\/[^/?#]*@/, '//…@').replaceAll(SECRET_VALUE, '$<name>…')
  return quote(shown, 120)
}
