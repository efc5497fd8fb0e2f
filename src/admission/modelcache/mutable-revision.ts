import { askSource } from '../../api/sources.ts'
import { warning } from '../finding.ts'
import type { Rule } from './change.ts'

/**
 * A branch or tag that usually moves is resolved once, which surprises people who expect the cache to follow
 * it. Runs on CREATE only, because the field is immutable.
 */
export const mutableRevision: Rule = ({ cache: { spec }, old }) => {
  if (old !== undefined) return []
  const found = askSource(spec.artifact.source, (type, value, name) => {
    const moving = type.moving?.(value)
    return moving && { ...moving, field: `spec.artifact.source.${name}.${moving.field}` }
  })
  if (found === undefined) return []
  const text = `${found.what} can move, but only its present content is staged. To pin it, name ${found.pin} when the cache is created`
  return [warning('MutableRevision', found.field, text)]
}
