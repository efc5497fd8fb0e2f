import { RESERVED_FIELDS, RESERVED_VALUES } from '../../api/not-implemented.ts'
import { violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import { valueAt } from '../value-at.ts'
import type { Rule } from './change.ts'

/** Fields that the API reserves and this version does not implement are denied by name, never ignored. */
export const notImplemented: Rule = ({ cache: { spec } }) => {
  const values = RESERVED_VALUES.flatMap(({ field, values, instead }) => {
    const given = valueAt(spec, field)
    const found = values.find(value => value === given)
    return found === undefined
      ? []
      : [{ field, text: `spec.${field} ${found} is not implemented; use ${instead}` }]
  })
  const fields = RESERVED_FIELDS.filter(({ field }) => valueAt(spec, field) !== undefined).map(
    ({ field, instead }) => ({ field, text: `spec.${field} is not implemented; ${instead}` }),
  )
  return [...values, ...fields].map(({ field, text }) =>
    error(violation('NotImplemented', `spec.${field}`, text)),
  )
}
