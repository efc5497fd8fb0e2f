import { isDeepStrictEqual } from 'node:util'
import { IMMUTABLE_FIELDS } from '../../api/modelcachefields.ts'
import { violation } from '../../api/violation.ts'
import { cut } from '../../api/wording.ts'
import { valueAt } from '../valueat.ts'
import type { Rule } from './change.ts'

/** What users have written into it is for no event and no log. */
const CONTENTS = 'artifact.source.inline.files'

/** The fields that say which bytes lie where never change: running pods rely on them. */
export const fieldImmutable: Rule = ({ cache, old }) => {
  if (old === undefined) return {}
  const findings = IMMUTABLE_FIELDS.flatMap(path => {
    const before = valueAt(old.spec, path)
    const now = valueAt(cache.spec, path)
    if (isDeepStrictEqual(before, now)) return []
    const field = `spec.${path}`
    const change = path === CONTENTS ? '' : ` from ${show(before)} to ${show(now)}`
    const text = `${field} cannot change${change}; create a ModelCache of another name instead`
    return [{ violation: violation('FieldImmutable', field, text), basis: [] }]
  })
  return { findings }
}

function show(value: unknown): string {
  if (value === undefined) return 'unset'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return cut(text, 80)
}
