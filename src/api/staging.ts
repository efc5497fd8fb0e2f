import { managedClaimOf } from './managed-claim.ts'
import type { ModelCache } from './modelcache.ts'
import { namesOf } from './sources.ts'
import { snapshotPath } from './volume-layout.ts'

type Spec = Pick<ModelCache['spec'], 'artifact' | 'storage'>

/**
 * Whether the controller stages the artifact: onto a claim of its own, or into a folder of one that people
 * made. Without a source, such a claim is already filled.
 */
export function isStaging({ artifact, storage }: Spec): boolean {
  return storage.backend !== 'ExistingPVC' || namesOf(artifact.source).length > 0
}

/** Where the artifact is staged. */
export interface StagingPlace {
  claimName: string
  /** The folder of the claim that is the cache's; undefined for a claim of its own. */
  folder: string | undefined
}

/** The claim and the folder of a cache that is staged. */
export function stagingPlace(cache: ModelCache): StagingPlace {
  const { backend, existingPVC } = cache.spec.storage
  if (backend !== 'ExistingPVC' || existingPVC === undefined)
    return { claimName: managedClaimOf(cache), folder: undefined }
  return { claimName: existingPVC.name, folder: existingPVC.subPath }
}

/** The folder of a snapshot within its claim. */
export function snapshotFolderOf({ folder }: StagingPlace, digest: string): string {
  return inFolder(folder, snapshotPath(digest))
}

/** A path below the folder of a cache, within its claim. */
export function inFolder(folder: string | undefined, path: string): string {
  return folder === undefined ? path : `${folder.replace(/\/+$/, '')}/${path}`
}
