import { isSameSelector, MAX_SELECTOR } from '../api/condensed.ts'
import { violation } from '../api/violation.ts'
import { error, type Finding } from './finding.ts'
import type { SelectorChange } from './selector-change.ts'

const FIELD = 'spec.clusterSelector'

/** Every cluster that is registered is compared with every selector, so a selector has a limit. */
export function selectorTooLong({ selector, old }: SelectorChange): Finding[] {
  if (selector === undefined || isSameSelector(old, selector)) return []
  const { length } = JSON.stringify(selector)
  if (length <= MAX_SELECTOR) return []
  const text = `${FIELD} has ${length} characters, and at most ${MAX_SELECTOR} are allowed; select by fewer labels`
  return [error(violation('SelectorTooLong', FIELD, text))]
}
