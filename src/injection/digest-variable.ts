import { managedName } from '../api/managed-name.ts'
import { DIGEST_PREFIX } from '../api/names.ts'
import { type Violation, violation } from '../api/violation.ts'
import { type Patch, pointer } from './json-patch.ts'
import type { Target } from './targets.ts'

/** An environment variable with a digest, which a starting container reads from an annotation of the pod. */
export interface DigestVariable {
  name: string
  /** The path for the downward API. */
  fieldPath: string
}

/**
 * How a pod that is admitted before its cache is Ready learns the digest. Its volumes and mounts cannot
 * change any more, but annotations can, and `subPathExpr` expands variables of the container. The controller
 * writes the annotation before it removes the scheduling gate, so no container starts without it.
 */
export function digestVariable(cache: string): DigestVariable {
  return {
    name: `${managedName(cache).replaceAll('-', '_').toUpperCase()}_DIGEST`,
    fieldPath: `metadata.annotations['${digestAnnotation(cache)}']`,
  }
}

/**
 * The annotation with the digest of a cache, once it is known. Kubernetes allows 63 characters after the
 * slash.
 */
export function digestAnnotation(cache: string): string {
  return `${DIGEST_PREFIX}/${managedName(cache)}`
}

/** Gives a container the variable that the mount of an awaited cache needs, or says why it cannot have it. */
export function addDigestVariable(
  { container, path }: Target,
  cache: string,
  patch: Patch,
): Violation | undefined {
  const { name, fieldPath } = digestVariable(cache)
  const existing = (container.env ?? []).filter(entry => entry.name === name)
  if (existing.length === 0) {
    patch.append(pointer(path, 'env'), container.env, { name, valueFrom: { fieldRef: { fieldPath } } })
    return undefined
  }
  if (existing.every(({ valueFrom }) => valueFrom?.fieldRef?.fieldPath === fieldPath)) return undefined
  const text = `container ${container.name} sets environment variable ${name}, which the mount of cache ${cache} needs for its digest; rename the variable`
  return violation('MountPathConflict', 'spec.containers', text)
}
