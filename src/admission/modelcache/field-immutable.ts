import { isDeepStrictEqual } from 'node:util'
import { condensedFiles } from '../../api/condensed.ts'
import type { ModelCacheSpec } from '../../api/modelcache.ts'
import { IMMUTABLE_FIELDS } from '../../api/modelcache-fields.ts'
import { violation } from '../../api/violation.ts'
import { cut } from '../../api/wording.ts'
import { error } from '../finding.ts'
import { valueAt } from '../value-at.ts'
import type { Rule } from './change.ts'

/** What users have written into it is for no event and no log. */
const CONTENTS = 'artifact.source.inline.files'

/** The fields that say which bytes lie where never change: running pods rely on them. */
export const fieldImmutable: Rule = ({ cache, old }) => {
  if (old === undefined) return []
  return IMMUTABLE_FIELDS.flatMap(path => {
    const before = comparable(old.spec, path)
    const now = comparable(cache.spec, path)
    if (isDeepStrictEqual(before, now)) return []
    const field = `spec.${path}`
    const change = path === CONTENTS ? '' : ` from ${show(before)} to ${show(now)}`
    const text = `${field} cannot change${change}; create a ModelCache of another name instead`
    return [error(violation('FieldImmutable', field, text))]
  })
}

/** `review` compares with what is kept of a stored cache. */
function comparable(spec: ModelCacheSpec, path: string): unknown {
  const files = path === CONTENTS ? spec.artifact.source?.inline?.files : undefined
  return files === undefined ? valueAt(spec, path) : condensedFiles(files)
}

function show(value: unknown): string {
  if (value === undefined) return 'unset'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return cut(text, 80)
}
