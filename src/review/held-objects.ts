import type { ClusterView } from '../admission/cluster-view.ts'
import { malformed } from '../admission/malformed.ts'
import type { RuleKind, RuleKinds } from '../api/kinds.ts'
import type { Violation } from '../api/violation.ts'
import { KINDS } from '../cluster/kinds.ts'
import { objectKey } from '../kube/object-key.ts'
import type { Resource } from '../kube/resource.ts'
import { groupOf, inNamespace, type Manifest, members } from './manifest.ts'

/** The objects of one kind, by `objectKey`. */
export type Held<T> = ReadonlyMap<string, T>

interface Named {
  metadata: { name: string; namespace?: string | undefined }
}

/**
 * The objects of a kind among the manifests, the last one of each name. What only a cluster writes, and the
 * manifest does not state, comes from the object that `base` has. Objects that the schema rejects go to
 * `refused`.
 */
export function holdObjects<K extends RuleKind>(
  manifests: readonly Manifest[],
  kind: K,
  base: ClusterView,
  refused: Map<Manifest, Violation>,
): Held<RuleKinds[K]> {
  const { apiVersion, namespaced, schema }: Resource<RuleKinds[K]> = KINDS[kind]
  const objects = new Map<string, RuleKinds[K]>()
  for (const manifest of manifests) {
    if (manifest.kind !== kind || groupOf(manifest.apiVersion) !== groupOf(apiVersion)) continue
    const object = namespaced ? inNamespace(manifest) : manifest.object
    const stored = base.get(kind, namespaced ? manifest.namespace : undefined, manifest.name)
    const parsed = schema.safeParse(laidOver(object, stored))
    if (parsed.success) objects.set(keyOf(parsed.data), parsed.data)
    else refused.set(manifest, malformed(`not a ${kind}`, parsed.error))
  }
  return objects
}

/** The objects of the input, and those of the cluster that they do not hide, in one namespace if given. */
export function together<T extends Named>(input: Held<T>, cluster: Iterable<T>, namespace?: string): T[] {
  const own = [...input.values()].filter(
    ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
  )
  return [...own, ...[...cluster].filter(object => !input.has(keyOf(object)))]
}

export function keyOf({ metadata }: Named): string {
  return objectKey(metadata.namespace, metadata.name)
}

/** `kubectl apply` does not change status, so a manifest without status keeps that of the stored object. */
function laidOver(
  object: Readonly<Record<string, unknown>>,
  stored: { metadata: object; status?: unknown } | undefined,
): object {
  if (stored === undefined) return object
  return {
    ...object,
    metadata: { ...stored.metadata, ...members.safeParse(object.metadata).data },
    status: isEmpty(object.status) ? stored.status : object.status,
  }
}

/** Generators of manifests write `status: {}` for no status. */
function isEmpty(status: unknown): boolean {
  return status === undefined || status === null || Object.keys(status).length === 0
}
