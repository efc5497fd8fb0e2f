import {
  condensedDeployment,
  DEPLOYMENT_ANNOTATIONS,
  type KnownDeployment,
} from '../../api/condensed-deployment.ts'
import { modelDeployment } from '../../api/modeldeployment.ts'
import { HUB } from '../../api/names.ts'
import { conditionOf } from '../../api/readiness.ts'
import { digestOf } from '../../api/schema/digest.ts'
import { API_VERSION } from '../../api/schema/group.ts'
import { foreign } from '../../api/schema/text.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Resource } from '../../kube/resource.ts'
import type { AnyCopy } from '../copies/copied-kind.ts'
import { annotationsOf, type Whole } from '../copies/whole.ts'

/** What the hub knows of the copy of a ModelDeployment in another cluster. */
export interface DeploymentCopy extends AnyCopy {
  readonly state: ServingState
}

/** How many instances a cluster has. All text is bounded and printable. */
export interface ServingState {
  readonly replicas: number
  readonly readyReplicas: number
  readonly updatedReplicas: number
  /** They all run the present spec, and serve. */
  readonly isComplete: boolean
  readonly message?: string | undefined
}

const MAX_MESSAGE = 512
/** No cluster has more instances than a ModelDeployment may ask for. */
const MAX_INSTANCES = 10_000

/** The copies in a cluster that the hub of this ID has made. */
export function deploymentCopiesOf(hubID: string): Resource<DeploymentCopy> {
  return {
    ...KINDS.ModelDeployment,
    schema: modelDeployment.transform(deployment => asCopy(condensedDeployment(deployment))),
    labelSelector: `${HUB}=${hubID}`,
    // A cluster may have a ModelCache that is older than ModelDeployments.
    optional: true,
  }
}

function asCopy(deployment: KnownDeployment): DeploymentCopy {
  const { name, namespace, uid, resourceVersion, deletionTimestamp } = deployment.metadata
  return {
    metadata: { name, namespace, uid, resourceVersion, deletionTimestamp },
    fingerprint: fingerprintOf(deployment, deployment.spec.replicas),
    state: stateOf(deployment),
  }
}

/** A digest of what a ModelDeployment asks of a cluster that has this share of its replicas. */
export function fingerprintOf({ fingerprint }: KnownDeployment, replicas: number): string {
  return digestOf(JSON.stringify([fingerprint, replicas]))
}

function stateOf({ metadata, spec, status = {} }: KnownDeployment): ServingState {
  const { replicas = 0, readyReplicas = 0, updatedReplicas = 0, observedGeneration = -1 } = status
  const message = conditionOf(status, 'Available')?.message
  const isObserved = observedGeneration >= (metadata.generation ?? 0)
  const isComplete =
    isObserved && conditionOf(status, 'Progressing')?.reason === 'Complete' && readyReplicas >= spec.replicas
  const counted = (count: number) => Math.min(count, MAX_INSTANCES)
  return {
    replicas: counted(replicas),
    readyReplicas: counted(readyReplicas),
    updatedReplicas: counted(updatedReplicas),
    isComplete,
    ...(message !== undefined && { message: foreign(message, MAX_MESSAGE) }),
  }
}

/**
 * The copy to apply, from the whole ModelDeployment as the API server of the hub has sent it. Labels and
 * other annotations stay behind, as those of ModelCaches do.
 */
export function deploymentCopyOf(deployment: Whole, hubID: string, replicas: number) {
  const { name, namespace } = deployment.metadata
  const { clusterSelector, placement, ...wanted } = deployment.spec
  return {
    apiVersion: API_VERSION,
    kind: KINDS.ModelDeployment.kind,
    metadata: {
      ...{ name, namespace, labels: { [HUB]: hubID } },
      annotations: annotationsOf(deployment, DEPLOYMENT_ANNOTATIONS),
    },
    spec: { ...wanted, replicas },
  }
}
