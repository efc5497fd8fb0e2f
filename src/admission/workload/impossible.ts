import { type Violation, violation } from '../../api/violation.ts'
import { planInjection } from '../../injection/plan.ts'
import type { ObjectRef } from '../cluster-view.ts'
import { error, type Finding } from '../finding.ts'
import { waitsAtGate } from '../pod/gate.ts'
import { expectedMount } from './expected-mount.ts'
import type { PodTemplate } from './pod-templates.ts'
import type { Subject } from './workload.ts'

/**
 * Why no pod of this template can ever get its caches. We deny the template for what its pods would be denied
 * for, because its author sees this denial. A cache that does not exist yet decides nothing.
 */
export function impossible({ template, pod, references }: Subject, namespace: string): Finding[] {
  // A template that names no cache gets none, and its pods run unchanged.
  if (references.length === 0 || !template.isWhole) return []
  const waits = waitsAtGate(pod)
  if (waits.refused !== undefined) return [error(inTemplate(template, waits.refused))]
  const mounts = references.flatMap(({ cache }) => (cache && expectedMount(cache, pod)) ?? [])
  const plan = planInjection(pod, mounts)
  if (plan.refused === undefined) return []
  // What is wrong without any cache does not rest on caches.
  const alone = planInjection(pod, [])
  if (alone.refused !== undefined) return [error(inTemplate(template, alone.refused))]
  const basis = mounts.map(({ cache }): ObjectRef => ({ kind: 'ModelCache', namespace, name: cache }))
  return [error(inTemplate(template, plan.refused), basis)]
}

/** Turns the violation of a pod into one of the template that creates it. */
export function inTemplate({ path }: PodTemplate, { reason, field, text }: Violation): Violation {
  // Annotations on the object itself sit at the root.
  return path === ''
    ? violation(reason, field, text)
    : violation(reason, `${path}.${field}`, `${path}: ${text}`)
}
