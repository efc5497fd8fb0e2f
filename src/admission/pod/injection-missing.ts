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
 * A pod that asks for caches has them: when we plan injection again for the final pod, there is nothing to
 * add. If injection would deny the pod, this rule denies it in the same words.
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
  // The replica that injected may have seen a newer state of a cache than this one.
  const basis: ObjectRef[] = [
    ...mounts.map(({ cache }) => ({ kind: 'ModelCache', namespace, name: cache }) as const),
    ...value.basis,
  ]
  if (plan.refused !== undefined) return [error(plan.refused, basis)]
  if (plan.value.length === 0) return []
  const names = mounts.map(({ cache }) => cache).join(', ')
  const text = `this pod asks for ${names} and is missing the injected fields at ${placesOf(plan.value)}; another webhook has removed them, or MutatingWebhookConfiguration modelcache-mutating is missing`
  return [error(violation('InjectionMissing', `metadata.annotations[${CACHES}]`, text), basis)]
}

/** The fields that the operations would add, such as `spec.containers[0].volumeMounts`. */
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
