import { posix } from 'node:path'
import type { Container } from '../../api/kubernetes/pod.ts'
import { isWithin } from '../../api/mount-path.ts'
import { isEngine } from '../../injection/engine.ts'
import { warning } from '../finding.ts'
import { type Consumer, fieldIn, type PodAdvice } from './consumer.ts'
import { visibleModel } from './visible-model.ts'

/**
 * An engine that clearly serves something other than its caches downloads what is already staged, or fails. A
 * pod shows only part of its command lines, so this is a warning, and the rule stays silent when in doubt.
 */
export const modelPathMismatch: PodAdvice = consumer =>
  mismatches(consumer).map(text => warning('ModelPathMismatch', fieldIn(consumer, 'spec.containers'), text))

function mismatches(consumer: Consumer): string[] {
  const { references, mountPaths: paths } = consumer
  const caches = references.flatMap(({ cache }) => cache ?? [])
  const weights = caches.filter(({ spec }) => spec.artifact.kind === 'Weights')
  // A cache that does not exist yet may be the right one. A tokenizer alone leaves the weights to the engine.
  if (caches.length < references.length || weights.length === 0) return []
  const targets = consumer.targets().value ?? []
  return targets.flatMap(({ container }) => {
    const model = isEngine(container) ? visibleModel(container) : undefined
    if (model === undefined || isServed(model, container, paths)) return []
    const places = weights.map(({ spec }) => spec.mount.path).join(', ')
    return [
      `container ${container.name} serves ${model}, but its weights are mounted at ${places}; serve that path`,
    ]
  })
}

/** Whether the model is in a cache, or could be somewhere that the author had in mind. */
function isServed(model: string, container: Container, paths: readonly string[]): boolean {
  if (model.startsWith('/')) {
    const path = posix.resolve(model)
    const mounted = (container.volumeMounts ?? []).map(({ mountPath }) => posix.resolve('/', mountPath))
    return [...paths, ...mounted].some(mount => isWithin(path, mount))
  }
  return mayResolveToMount(container, paths)
}

/** Hub caches, redirects and download folders can all map a name to a mount. */
function mayResolveToMount(container: Container, paths: readonly string[]): boolean {
  const { env, envFrom, workingDir } = container
  if (workingDir || envFrom?.length) return true
  const words = [
    ...(container.command ?? []),
    ...(container.args ?? []),
    ...(env ?? []).map(({ value }) => value ?? ''),
  ]
  return words.some(word => paths.some(path => word.includes(path)))
}
