import { isDeepStrictEqual } from 'node:util'
import { withCondensedSource } from '../../api/condensed.ts'
import { IMMUTABLE_FIELDS } from '../../api/modelcache-fields.ts'
import { cut } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import { valueAt } from '../value-at.ts'
import type { Rule } from './change.ts'

/** Users may have written secrets into this value, so no Event and no log shows it. */
const CONTENTS = 'artifact.source.inline.files'

/** The fields that say which bytes lie where never change, because running pods rely on them. */
export const fieldImmutable: Rule = ({ cache, old }) => {
  if (old === undefined) return []
  // A stored cache is kept in condensed form, and `review` compares with that.
  const [before, now] = [withCondensedSource(old.spec), withCondensedSource(cache.spec)]
  return IMMUTABLE_FIELDS.flatMap(path => {
    if (isDeepStrictEqual(valueAt(before, path), valueAt(now, path))) return []
    const field = `spec.${path}`
    const change =
      path === CONTENTS ? '' : ` from ${show(valueAt(old.spec, path))} to ${show(valueAt(cache.spec, path))}`
    const text = `${field} cannot change${change}; create a ModelCache of another name instead`
    return [error(violation('FieldImmutable', field, text))]
  })
}

function show(value: unknown): string {
  if (value === undefined) return 'unset'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return cut(text, 80)
}
