import type { Pod } from '../../api/kubernetes/pod.ts'
import { GATE, NOT_READY } from '../../api/names.ts'
import { type Outcome, ok, refused } from '../../api/outcome.ts'
import { quote, trimmed } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'

/**
 * Whether a pod wants to wait for its caches at a scheduling gate instead of being denied, or why its
 * annotation is wrong.
 */
export function waitsAtGate({ metadata }: Pod): Outcome<boolean> {
  const value = metadata.annotations?.[NOT_READY]
  if (value === undefined) return ok(false)
  if (trimmed(value) === GATE) return ok(true)
  const text = `annotation ${NOT_READY} is ${quote(value)}; the only value is ${GATE}; without the annotation, pods are denied until their caches are Ready`
  return refused(violation('ReferenceInvalid', `metadata.annotations[${NOT_READY}]`, text))
}
