import { CACHE_CONTAINERS } from '../api/annotations.ts'
import { type Outcome, ok, refused } from '../api/outcome.ts'
import type { Container, Pod } from '../api/pod.ts'
import { violation } from '../api/violation.ts'
import { few, listed, quote } from '../api/wording.ts'
import { requestsAccelerator } from './accelerator.ts'
import { isEngine } from './engine.ts'
import { pointer } from './json-patch.ts'

/** A container that gets the mounts, with its place in the pod. */
export interface Target {
  container: Container
  /** JSON Pointer to the container. */
  path: string
}

/**
 * The containers that get the mounts: those that the annotation names (init containers too); else those that ask
 * for an accelerator; else those of a recognised engine; else every one of `spec.containers`.
 */
export function targetContainers(pod: Pod): Outcome<Target[]> {
  const containers = located(pod.spec.containers, '/spec/containers')
  const named = pod.metadata.annotations?.[CACHE_CONTAINERS]
  if (named !== undefined) {
    return namedTargets(named, [...containers, ...located(pod.spec.initContainers, '/spec/initContainers')])
  }
  const accelerated = containers.filter(({ container }) => requestsAccelerator(container))
  if (accelerated.length > 0) return ok(accelerated)
  const engines = containers.filter(({ container }) => isEngine(container))
  return ok(engines.length > 0 ? engines : containers)
}

function located(containers: Container[] | null | undefined, parent: string): Target[] {
  return (containers ?? []).map((container, index) => ({ container, path: pointer(parent, index) }))
}

function namedTargets(annotation: string, all: Target[]): Outcome<Target[]> {
  const present = new Set(all.map(({ container }) => container.name))
  const names = new Set(listed(annotation))
  const unknown = [...names].filter(name => !present.has(name))
  if (unknown.length > 0) {
    const named = few(unknown.map(name => quote(name)))
    const text = `annotation ${CACHE_CONTAINERS} names ${named}, which this pod does not have; its containers are ${few([...present])}`
    return refused(violation('ReferenceInvalid', `metadata.annotations[${CACHE_CONTAINERS}]`, text))
  }
  return ok(all.filter(({ container }) => names.has(container.name)))
}
