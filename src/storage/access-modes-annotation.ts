import {
  ACCESS_MODES,
  ACCESS_MODES_ANNOTATION,
  type AccessMode,
  type StorageClass,
} from '../api/kubernetes/storage-class.ts'

/** What the annotation says: its modes, or its first entry that is not an access mode. */
export type AttestedAccessModes =
  | { readonly valid: true; readonly modes: ReadonlySet<AccessMode> }
  | { readonly valid: false; readonly entry: string }

// The short forms that `kubectl get pvc` prints.
const spellings = new Map<string, AccessMode>([
  ...ACCESS_MODES.map(mode => [mode, mode] as const),
  ['RWO', 'ReadWriteOnce'],
  ['ROX', 'ReadOnlyMany'],
  ['RWX', 'ReadWriteMany'],
  ['RWOP', 'ReadWriteOncePod'],
])

/**
 * Reads the annotation; undefined if the class has none. Spelling is exact, as for `accessModes` of a claim.
 * An empty value and an empty entry are not valid, because an administrator who wrote the annotation meant
 * something by it.
 */
export function attestedAccessModes(storageClass: StorageClass): AttestedAccessModes | undefined {
  const value = storageClass.metadata.annotations?.[ACCESS_MODES_ANNOTATION]
  if (value === undefined) return undefined
  const modes = new Set<AccessMode>()
  for (const entry of value.split(',').map(part => part.trim())) {
    const mode = spellings.get(entry)
    if (!mode) return { valid: false, entry }
    modes.add(mode)
  }
  return { valid: true, modes }
}
