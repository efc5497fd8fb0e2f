import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import type { KnownDeployment } from '../api/condensed-deployment.ts'
import type { ModelCache } from '../api/modelcache.ts'
import type { ReconcilerObserver } from '../kube/reconciler.ts'
import { createRest } from '../kube/rest.ts'
import type { CacheCopy } from './caches/copy.ts'
import { readClusterID } from './cluster-id.ts'
import type { CopiedKind, CopyingHub } from './copies/copied-kind.ts'
import { type Copies, startCopies } from './copies/copies.ts'
import type { DeploymentCopy } from './deployments/copy.ts'

const TIMEOUT_MS = 15_000
/** For so long a cluster counts as the one that has just answered. */
const SAME_MS = 2_000

/** A cluster that has copies of objects of the hub, or is to have some. */
export interface Member {
  readonly caches: Copies<CacheCopy>
  readonly deployments: Copies<DeploymentCopy>
  /** Leaves the cluster as it is. */
  stop(): void
}

export interface MemberOptions {
  readonly name: string
  /** The UID of the cluster that was registered. */
  readonly clusterID: string
  readonly config: KubeConfig
  readonly hub: HubSide
  readonly observer: ReconcilerObserver
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** What members ask of the hub. */
export interface HubSide extends CopyingHub {
  readonly caches: CopiedKind<ModelCache, CacheCopy>
  readonly deployments: CopiedKind<KnownDeployment, DeploymentCopy>
  /** Another cluster answers in place of the registered one. */
  onReplaced(cluster: string): void
}

/** Keeps the copies in one cluster in line with the objects of the hub, until the signal aborts. */
export function startMember(options: MemberOptions): Member {
  const { name: cluster, clusterID, config, hub, observer } = options
  const logger = options.logger.child({ cluster })
  const stopped = new AbortController()
  const signal = AbortSignal.any([options.signal, stopped.signal])
  const rest = createRest(config)
  const call = { signal, timeoutMs: TIMEOUT_MS }
  /** When the registered cluster has answered last, in milliseconds. */
  let sameAt = Number.NEGATIVE_INFINITY

  const isSame = async ({ asks } = { asks: false }): Promise<boolean> => {
    if (!asks && performance.now() - sameAt < SAME_MS) return true
    if ((await readClusterID(rest, call)) === clusterID) {
      sameAt = performance.now()
      return true
    }
    sameAt = Number.NEGATIVE_INFINITY
    hub.onReplaced(cluster)
    return false
  }

  const shared = { cluster, hub, config, rest, call, isSame, observer, logger }
  return {
    caches: startCopies({ ...shared, kind: hub.caches }),
    deployments: startCopies({ ...shared, kind: hub.deployments }),
    stop: () => stopped.abort(),
  }
}
