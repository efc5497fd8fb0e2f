import { isSameSelector, MAX_SELECTOR } from '../../api/condensed.ts'
import { violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.clusterSelector'

/** Every cluster that is registered is compared with every selector, so a selector has a limit. */
export const selectorTooLong: Rule = ({ cache: { spec }, old }) => {
  if (spec.clusterSelector === undefined) return []
  if (old !== undefined && isSameSelector(old.spec.clusterSelector, spec.clusterSelector)) return []
  const { length } = JSON.stringify(spec.clusterSelector)
  if (length <= MAX_SELECTOR) return []
  const text = `${FIELD} has ${length} characters, and at most ${MAX_SELECTOR} are allowed; select by fewer labels`
  return [error(violation('SelectorTooLong', FIELD, text))]
}
