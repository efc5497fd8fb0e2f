import type { z } from 'zod'
import { malformed } from '../admission/malformed.ts'
import type { Violation } from '../api/violation.ts'
import { objectKey } from '../kube/object-key.ts'
import { groupOf, inNamespace, type Manifest, members } from './manifest.ts'

/** A kind whose objects rules look up. */
export interface HeldKind<T> {
  group: string
  kind: string
  namespaced: boolean
  schema: z.ZodType<T>
}

/** The objects of one kind, by `objectKey`. */
export type Held<T> = ReadonlyMap<string, T>

interface Named {
  metadata: { name: string; namespace?: string | undefined }
}

/**
 * The objects of a kind among the manifests, the last of each name. `stored` gives the one that the cluster has already: what only the cluster
 * writes, and the manifest does not state, is taken from it. What its schema refuses goes to `refused`.
 */
export function holdObjects<T extends Named>(
  manifests: readonly Manifest[],
  held: HeldKind<T>,
  stored: (namespace: string, name: string) => { metadata: object; status?: unknown } | undefined,
  refused: Map<Manifest, Violation>,
): Held<T> {
  const objects = new Map<string, T>()
  for (const manifest of manifests) {
    if (manifest.kind !== held.kind || groupOf(manifest.apiVersion) !== held.group) continue
    const object = held.namespaced ? inNamespace(manifest) : manifest.object
    const parsed = held.schema.safeParse(laidOver(object, stored(manifest.namespace, manifest.name)))
    if (parsed.success) objects.set(keyOf(parsed.data), parsed.data)
    else refused.set(manifest, malformed(`not a ${held.kind}`, parsed.error))
  }
  return objects
}

/** The objects of the input and those of the cluster that they do not hide, of one namespace if given. */
export function together<T extends Named>(input: Held<T>, cluster: Iterable<T>, namespace?: string): T[] {
  const own = [...input.values()].filter(
    ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
  )
  return [...own, ...[...cluster].filter(object => !input.has(keyOf(object)))]
}

export function keyOf({ metadata }: Named): string {
  return objectKey(metadata.namespace, metadata.name)
}

/** `kubectl apply` leaves status alone, so a manifest that states none has that of the stored object. */
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

/** Generators of manifests write `status: {}` for nothing. */
function isEmpty(status: unknown): boolean {
  return status === undefined || status === null || Object.keys(status).length === 0
}
