import { CACHES, INJECTED } from '../../api/names.ts'
import { violation } from '../../api/violation.ts'
import { hasSnapshot } from '../../api/volume-layout.ts'
import type { Operation } from '../../injection/json-patch.ts'
import { planInjection } from '../../injection/plan.ts'
import { asRecorded } from '../../injection/record.ts'
import type { ObjectRef } from '../cluster-view.ts'
import { error, type Finding } from '../finding.ts'
import { resolveCaches } from './resolve.ts'
import type { Subject } from './subject.ts'

/**
 * A pod that asks for caches has been given them: injection, planned again for the final pod, has nothing to add.
 * Whatever makes injection refuse a pod is given here in the same words.
 */
export function injectionMissing({ request, pod, view }: Subject): readonly Finding[] {
  const annotation = pod.metadata.annotations?.[CACHES]
  if (annotation === undefined) return []
  const namespace = request.namespace ?? ''
  const resolved = resolveCaches(annotation, namespace, pod, view)
  if (resolved.refused !== undefined) return resolved.refused
  const { value } = resolved

  const isKnown = (name: string, digest: string) => {
    const cache = view.get('ModelCache', namespace, name)
    return cache !== undefined && hasSnapshot(cache, digest)
  }
  const mounts = asRecorded(value.mounts, pod.metadata.annotations?.[INJECTED], isKnown)
  const plan = planInjection(pod, mounts)
  // The replica that has injected may have known a cache by a later look than ours.
  const basis: ObjectRef[] = [
    ...mounts.map(({ cache }) => ({ kind: 'ModelCache', namespace, name: cache }) as const),
    ...value.basis,
  ]
  if (plan.refused !== undefined) return [error(plan.refused, basis)]
  if (plan.value.length === 0) return []
  const names = mounts.map(({ cache }) => cache).join(', ')
  const text = `this pod asks for ${names} and lacks what was to be injected at ${placesOf(plan.value)}; another webhook has removed it, or MutatingWebhookConfiguration modelcache-mutating is not in place`
  return [error(violation('InjectionMissing', `metadata.annotations[${CACHES}]`, text), basis)]
}

/** Where the operations would add, as field paths: `spec.containers[0].volumeMounts`. */
function placesOf(operations: readonly Operation[]): string {
  const places = operations.map(({ path }) =>
    path
      .slice(1)
      .replace(/^metadata\/(annotations|labels)\/.*$/, 'metadata/$1')
      .replace(/\/-$/, '')
      .replaceAll(/\/(\d+)/g, '[$1]')
      .replaceAll('/', '.'),
  )
  return [...new Set(places)].join(', ')
}
