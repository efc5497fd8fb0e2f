import { type Violation, violation } from '../../api/violation.ts'
import { planInjection } from '../../injection/plan.ts'
import type { ObjectRef } from '../cluster-view.ts'
import { error, type Finding } from '../finding.ts'
import { waitsAtGate } from '../pod/gate.ts'
import { expectedMount } from './expected-mount.ts'
import type { PodTemplate } from './pod-templates.ts'
import type { Subject } from './workload.ts'

/**
 * Why no pod of this template can ever get its caches: what its pods will be refused for is refused here, where the
 * author sees it. A cache that does not exist (yet) decides nothing.
 */
export function impossible({ template, pod, references }: Subject, namespace: string): Finding[] {
  // Who names no cache gets none, and its pods run as they are.
  if (references.length === 0 || !template.isWhole) return []
  const waits = waitsAtGate(pod)
  if (waits.refused !== undefined) return [error(inTemplate(template, waits.refused))]
  const alone = planInjection(pod, [])
  if (alone.refused !== undefined) return [error(inTemplate(template, alone.refused))]

  const mounts = references.flatMap(({ cache }) => (cache && expectedMount(cache, pod)) ?? [])
  const plan = planInjection(pod, mounts)
  if (plan.refused === undefined) return []
  const basis = mounts.map(({ cache }): ObjectRef => ({ kind: 'ModelCache', namespace, name: cache }))
  return [error(inTemplate(template, plan.refused), basis)]
}

/** The violation of a pod, as one of the template that makes it. */
export function inTemplate({ path }: PodTemplate, { reason, field, text }: Violation): Violation {
  // What is asked for on the object itself stands at the root.
  return path === ''
    ? violation(reason, field, text)
    : violation(reason, `${path}.${field}`, `${path}: ${text}`)
}
