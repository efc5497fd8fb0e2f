import { violation } from '../api/violation.ts'
import type { ClusterView } from './cluster-view.ts'
import { error, type Finding } from './finding.ts'
import { type ManagedClaim, managedClaim } from './managed-claim.ts'
import type { WritableMount } from './writable-mounts.ts'

/** ClaimWritable for each managed claim among the writable mounts, once per claim. */
export function writesToManagedClaims(
  mounts: readonly WritableMount[],
  namespace: string,
  view: ClusterView,
  mayWrite: (claim: ManagedClaim) => boolean = () => false,
): Finding[] {
  // We report only the first mount of each claim.
  const byClaim = new Map(mounts.toReversed().map(mount => [mount.claimName, mount]))
  return [...byClaim.values()].flatMap(mount => {
    const claim = managedClaim(namespace, mount.claimName, view)
    return claim && !mayWrite(claim) ? [finding(mount, namespace, claim)] : []
  })
}

function finding({ claimName, field, what }: WritableMount, namespace: string, claim: ManagedClaim): Finding {
  const cache =
    claim.owner === undefined ? 'a ModelCache' : `ModelCache ${namespace}/${claim.owner.metadata.name}`
  const text = `${what} mounts claim ${claimName} of ${cache} writable, but only its hydration Job may write; set readOnly: true on the volume and on each of its mounts`
  return error(violation('ClaimWritable', field, text), claim.basis)
}
