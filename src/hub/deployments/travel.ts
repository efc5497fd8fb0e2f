import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import { deploymentTravels } from '../../api/placement.ts'
import type { CopiedKind, Plan } from '../copies/copied-kind.ts'
import { stepFor } from '../copies/step.ts'
import type { WholeOf } from '../copies/whole.ts'
import { type DeploymentCopy, deploymentCopiesOf, deploymentCopyOf, fingerprintOf } from './copy.ts'

export interface TravelOptions {
  readonly hubID: string
  readonly originals: CopiedKind<KnownDeployment>['originals']
  readonly wholeOf: WholeOf
  onNews(key: string): void
}

/**
 * How ModelDeployments are copied to other clusters. Status says how many replicas each cluster has, and
 * a hub that starts again goes by that, too.
 */
export function travellingDeployments({
  hubID,
  originals,
  wholeOf,
  onNews,
}: TravelOptions): CopiedKind<KnownDeployment, DeploymentCopy> {
  const planFor = (deployment: KnownDeployment, copy: DeploymentCopy | undefined, cluster: string): Plan => {
    const entry = deployment.status?.clusters?.find(({ name }) => name === cluster)
    const share = entry?.replicas ?? 0
    const fingerprint = fingerprintOf(deployment, share)
    const step = stepFor(deployment, copy, { isPlaced: share > 0, isNoted: entry !== undefined, fingerprint })
    if (step === 'delete') return { do: 'delete' }
    if (step !== 'apply') return { do: 'nothing' }
    const manifest = async () => {
      const whole = await wholeOf(deployment, `${deployment.metadata.uid} ${deployment.fingerprint}`)
      return whole && deploymentCopyOf(whole, hubID, share)
    }
    return { do: 'apply', wanted: { fingerprint, manifest } }
  }
  return { resource: deploymentCopiesOf(hubID), originals, travels: deploymentTravels, planFor, onNews }
}
