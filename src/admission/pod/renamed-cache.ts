import type { ClusterView } from '../cluster-view.ts'

/**
 * A cache of the namespace whose name is the given one with a prefix or a suffix, as kustomize and Helm add
 * them; undefined if there is none, or if there are several and nobody can tell.
 */
export function renamedCache(name: string, namespace: string, view: ClusterView): string | undefined {
  let found: string | undefined
  for (const { metadata } of view.list('ModelCache', namespace)) {
    if (!metadata.name.endsWith(`-${name}`) && !metadata.name.startsWith(`${name}-`)) continue
    if (found !== undefined) return undefined
    found = metadata.name
  }
  return found
}
