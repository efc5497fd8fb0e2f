import { isDeepStrictEqual } from 'node:util'
import type { ModelCache } from '../../api/modelcache.ts'
import { quote } from '../../api/schema/text.ts'
import {
  HTTP_CONFLICTS,
  hasFormat,
  SIGNED,
  SOURCE_FORMATS,
  type SourceFormat,
  URL_FIELDS,
  URL_ONCE,
} from '../../api/source-formats.ts'
import { namesOf } from '../../api/sources.ts'
import { violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import { valueAt } from '../value-at.ts'
import type { Rule } from './change.ts'
import { inlineFileProblems } from './inline-files.ts'

const SECRET_VALUE = new RegExp(`(?<name>${SIGNED})[^&;#]*`, 'gu')
const INLINE_FIELD = 'artifact.source.inline.files'
const HTTP_FIELD = 'artifact.source.http'

type Http = NonNullable<NonNullable<ModelCache['spec']['artifact']['source']>['http']>

/**
 * The source follows the grammar of its kind, so a typo shows up here and not in a Job. Runs on CREATE and
 * when the source changes, so an older object can still get a new label.
 */
export const sourceInvalid: Rule = ({ cache: { spec }, old }) => {
  if (old !== undefined && isDeepStrictEqual(old.spec.artifact.source, spec.artifact.source)) return []
  const files = spec.artifact.source?.inline?.files
  const http = spec.artifact.source?.http
  const problems = [
    ...(http ? httpProblems(http) : []).map(text => ({ field: HTTP_FIELD, text })),
    ...formatProblems(spec),
    ...(files ? inlineFileProblems(files) : []).map(text => ({ field: INLINE_FIELD, text })),
  ]
  return problems.map(({ field, text }) =>
    error(violation('SourceInvalid', `spec.${field}`, `spec.${field} ${text}`)),
  )
}

function httpProblems(http: Http): string[] {
  const urls = [http.url, http.urls, http.secretRef?.urlKey].filter(each => each !== undefined)
  return [
    ...(urls.length === 1 ? [] : [URL_ONCE]),
    ...HTTP_CONFLICTS.filter(({ one, other }) => http[one] !== undefined && http[other] !== undefined).map(
      ({ must }) => `must ${must}`,
    ),
  ]
}

/**
 * The formats of each field of each source. A cache has one source, so we check only the formats of that one.
 */
const FORMATS_OF = Map.groupBy(
  Map.groupBy(SOURCE_FORMATS, ({ field, member }) => `${field} ${member}`).values(),
  ([format]) => format?.field.split('.')[2],
)
const URLS_OF = Map.groupBy(URL_FIELDS, ({ field }) => field.split('.')[2])

function formatProblems(spec: ModelCache['spec']) {
  const names = namesOf(spec.artifact.source)
  const broken = names.flatMap(name => FORMATS_OF.get(name) ?? []).flatMap(formats => brokenBy(spec, formats))
  // URLs that match the pattern but that the platform's parser rejects: a port out of range, a bad host.
  const urls = names
    .flatMap(name => URLS_OF.get(name) ?? [])
    .filter(({ field }) => !broken.some(problem => problem.field === field))
    .flatMap(place =>
      valuesAt(spec, place)
        .filter(value => !URL.canParse(value))
        .map(value => ({
          field: place.field,
          text: `is ${show(value)}, which is not a URL; check its host and port`,
        })),
    )
  return [...broken, ...urls]
}

/** The values of one field that lack a format. If a value is wrong in several ways, we report the first. */
function brokenBy(spec: ModelCache['spec'], formats: readonly SourceFormat[]) {
  const [first] = formats
  const values = first === undefined ? NOTHING : valuesAt(spec, first)
  if (values.every(value => formats.every(format => hasFormat(value, format)))) return []
  return [...new Set(values)].flatMap(value => {
    const broken = formats.find(format => !hasFormat(value, format))
    return broken === undefined
      ? []
      : [{ field: broken.field, text: `is ${show(value)}; it must ${broken.must}` }]
  })
}

const NOTHING: readonly string[] = []

function valuesAt(
  spec: unknown,
  { field, member }: Pick<SourceFormat, 'field' | 'member'>,
): readonly string[] {
  const found = valueAt(spec, field)
  if (found === undefined) return NOTHING
  if (typeof found === 'string' && member === undefined) return [found]
  const items: unknown[] = Array.isArray(found) ? found : [found]
  const values = member === undefined ? items : items.map(item => valueAt(item, member))
  return values.filter(value => typeof value === 'string')
}

/** Leaves out what may be a password, because messages end up in logs and Events. */
function show(value: string): string {
  const shown = value.replace(/\/\/[^/?#]*@/, '//…@').replaceAll(SECRET_VALUE, '$<name>…')
  return quote(shown, 120)
}
