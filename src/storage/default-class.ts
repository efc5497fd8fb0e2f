import {
  BETA_DEFAULT_CLASS_ANNOTATION,
  DEFAULT_CLASS_ANNOTATION,
  type StorageClass,
} from '../api/kubernetes/storage-class.ts'

/**
 * The class that the API server gives to a claim that names none; undefined if no class is marked. If several
 * are marked, the newest wins, and among equally new ones the first by name: GetDefaultClass in
 * k8s.io/kubernetes/pkg/volume/util/storageclass.go, which the DefaultStorageClass admission plugin and the
 * volume controller both use.
 */
export function defaultStorageClass(classes: Iterable<StorageClass>): StorageClass | undefined {
  let best: StorageClass | undefined
  for (const candidate of classes) {
    if (isDefault(candidate) && (!best || precedes(candidate, best))) best = candidate
  }
  return best
}

// There only the exact text "true" counts, so "True" and "1" do not count here.
function isDefault({ metadata: { annotations } }: StorageClass): boolean {
  return (
    annotations?.[DEFAULT_CLASS_ANNOTATION] === 'true' ||
    annotations?.[BETA_DEFAULT_CLASS_ANNOTATION] === 'true'
  )
}

function precedes(a: StorageClass, b: StorageClass): boolean {
  const [createdA, createdB] = [createdAt(a), createdAt(b)]
  return createdA === createdB ? a.metadata.name < b.metadata.name : createdA > createdB
}

// Absent only in hand-written objects, which `review` reads. Go's zero time sorts first, and so it does here.
function createdAt({ metadata: { creationTimestamp } }: StorageClass): number {
  const time = typeof creationTimestamp === 'string' ? Date.parse(creationTimestamp) : Number.NaN
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}
