import type { Container, Pod } from '../api/kubernetes/pod.ts'
import { CACHE_CONTAINERS } from '../api/names.ts'
import { type Outcome, ok, refused } from '../api/outcome.ts'
import { emptyName, few, listed, quote } from '../api/schema/text.ts'
import { violation } from '../api/violation.ts'
import { requestsAccelerator, requestsUnknownDevice } from './accelerator.ts'
import { isEngine } from './engine.ts'
import { pointer } from './json-patch.ts'
import { namesPath } from './names-path.ts'
import { shortened } from './shortened.ts'

/** A container that gets the mounts, with its place in the pod. */
export interface Target {
  container: Container
  /** JSON Pointer to the container. */
  path: string
}

/**
 * The containers that get the mounts. If the annotation names containers or init containers, those. Otherwise
 * each one that looks like a server: it asks for an accelerator, runs a known engine, or names the path of a
 * mount. Native sidecars count too. If none does, those that ask for an unknown device, and else all of
 * `spec.containers`.
 */
export function targetContainers(pod: Pod, mountPaths: readonly string[]): Outcome<Target[]> {
  const containers = located(pod.spec.containers, '/spec/containers')
  const named = pod.metadata.annotations?.[CACHE_CONTAINERS]
  if (named !== undefined) return namedTargets(named, [...containers, ...initContainersOf(pod)])
  const found = serving(withSidecars(containers, pod), mountPaths)
  return ok(found.length > 0 ? found : containers)
}

/** Whether several containers get the mounts because none of them looks like a server. */
export function isGuess(pod: Pod, mountPaths: readonly string[]): boolean {
  if (pod.metadata.annotations?.[CACHE_CONTAINERS] !== undefined) return false
  const containers = located(pod.spec.containers, '/spec/containers')
  return containers.length > 1 && serving(withSidecars(containers, pod), mountPaths).length === 0
}

/** The containers, and the init containers that run beside them. */
function withSidecars(containers: readonly Target[], pod: Pod): readonly Target[] {
  const sidecars = initContainersOf(pod).filter(isNativeSidecar)
  return sidecars.length === 0 ? containers : [...containers, ...sidecars]
}

function serving(candidates: readonly Target[], mountPaths: readonly string[]): Target[] {
  const shows = (container: Container) =>
    requestsAccelerator(container) || isEngine(container) || namesPath(container, mountPaths)
  const seen = shortened(candidates.map(({ container }) => container))
  const signed = candidates.filter((_, index) => seen[index] && shows(seen[index]))
  return signed.length > 0 ? signed : candidates.filter(({ container }) => requestsUnknownDevice(container))
}

/** Kubernetes: an init container with restartPolicy Always runs beside the others. */
function isNativeSidecar({ container }: Target): boolean {
  return container.restartPolicy === 'Always'
}

function initContainersOf({ spec }: Pod): Target[] {
  return located(spec.initContainers ?? [], '/spec/initContainers')
}

function located(containers: readonly Container[], parent: string): Target[] {
  return containers.map((container, index) => ({ container, path: pointer(parent, index) }))
}

function namedTargets(annotation: string, all: Target[]): Outcome<Target[]> {
  const present = new Set(all.map(({ container }) => container.name))
  const named = listed(annotation)
  const names = new Set(named)
  const empty = emptyName(named)
  if (empty !== undefined) {
    const text = `annotation ${CACHE_CONTAINERS}=${quote(annotation)} ${empty}; list names of the pod's containers, separated by commas: ${few([...present])}`
    return refused(violation('ReferenceInvalid', `metadata.annotations[${CACHE_CONTAINERS}]`, text))
  }
  const unknown = [...names].filter(name => !present.has(name))
  if (unknown.length > 0) {
    const missing = few(unknown.map(name => quote(name)))
    const text = `annotation ${CACHE_CONTAINERS} names ${missing}, which this pod does not have; its containers are ${few([...present])}`
    return refused(violation('ReferenceInvalid', `metadata.annotations[${CACHE_CONTAINERS}]`, text))
  }
  return ok(all.filter(({ container }) => names.has(container.name)))
}
