import { createHash } from 'node:crypto'
import { DIGEST_PREFIX } from '../api/annotations.ts'
import { type Violation, violation } from '../api/violation.ts'
import type { CacheMount, DigestVariable } from './cachemount.ts'
import { type Patch, pointer } from './jsonpatch.ts'
import type { Target } from './targets.ts'
import { volumeName } from './volume.ts'

/**
 * How a pod that is admitted before its cache is Ready learns the digest: its volumes and mounts cannot change any
 * more, but annotations can, and `subPathExpr` expands variables of the container. The controller writes the annotation
 * before it lifts the scheduling gate, so that no container starts without it.
 */
export function digestVariable(cache: string): DigestVariable {
  return {
    name: `MODELCACHE_${variablePart(cache)}_DIGEST`,
    fieldPath: `metadata.annotations['${digestAnnotation(cache)}']`,
  }
}

/** The annotation that holds the digest of a cache, once it is known. Kubernetes allows 63 characters after the slash. */
export function digestAnnotation(cache: string): string {
  return `${DIGEST_PREFIX}/${volumeName(cache)}`
}

/** Gives a container the variable that a mount needs, or says why it cannot have it. */
export function addDigestVariable(
  { container, path }: Target,
  { cache, variable }: CacheMount,
  patch: Patch,
): Violation | undefined {
  if (variable === undefined) return undefined
  const { name, fieldPath } = variable
  const existing = (container.env ?? []).filter(entry => entry.name === name)
  if (existing.length === 0) {
    patch.append(pointer(path, 'env'), container.env, { name, valueFrom: { fieldRef: { fieldPath } } })
    return undefined
  }
  if (existing.every(({ valueFrom }) => valueFrom?.fieldRef?.fieldPath === fieldPath)) return undefined
  const text = `container ${container.name} sets environment variable ${name}, from which the mount of cache ${cache} takes its digest; rename it`
  return violation('MountPathConflict', 'spec.containers', text)
}

/** Names with dots are told apart by a hash from those with dashes in their place. */
function variablePart(cache: string): string {
  const part = cache.replaceAll(/[-.]/g, '_').toUpperCase()
  if (!cache.includes('.')) return part
  return `${part}_${createHash('sha256').update(cache).digest('hex').slice(0, 8).toUpperCase()}`
}
