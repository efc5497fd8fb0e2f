import type { Condition } from '../../../api/condition.ts'
import type { ModelCacheStatus } from '../../../api/modelcache-status.ts'
import { sizeText } from '../../../api/size-text.ts'
import { sourceLine } from '../../../api/source-line.ts'
import { isStaging } from '../../../api/staging.ts'
import { effectOf } from '../../../api/status-reasons.ts'
import { condition } from '../../conditions.ts'
import type { Observation } from '../observe.ts'
import type { StepResult, Verdict } from '../step.ts'

/** The name of this cluster in status if it has no InferenceCluster. */
const THIS_CLUSTER = 'local'

/** A cache that leaves this cluster, and is in use. */
const STAYS =
  'spec.clusterSelector leaves this cluster out, and the cache stays until the last pod that mounts it has ended'

/** The name of this cluster in the status of caches. */
export function nameHere({ clusterName = THIS_CLUSTER }: Pick<Observation, 'clusterName'>): string {
  return clusterName
}

/** The whole status of a cache, from the results of its steps. The last one has a verdict. */
export function statusOf(seen: Observation, results: readonly StepResult[]): ModelCacheStatus {
  const { cache } = seen
  const { metadata, spec } = cache
  const { verdict } = results.at(-1) ?? {}
  const references = seen.references === null ? cache.status?.references : seen.references
  const common = { observedGeneration: metadata.generation, source: sourceLine(spec) }
  const parts = Object.assign(
    {},
    kept(seen),
    ...results.map(result => result.status),
  ) as Partial<ModelCacheStatus>
  Object.assign(parts, sizeOf(parts), { references })
  if (verdict === undefined) return { ...common, ...parts }
  const { phase } = verdict
  return {
    ...common,
    ...parts,
    phase,
    conditions: conditions(seen, verdict, parts),
    clusters: [
      {
        name: nameHere(seen),
        phase,
        ready: verdict.ready,
        ...(parts.bytesStaged !== undefined && { sizeBytes: parts.bytesStaged }),
        message: seen.elsewhere === undefined ? verdict.message : STAYS,
      },
    ],
  }
}

/** Earlier findings stay until a step replaces them. A forced apply removes what we leave out. */
function kept({ cache }: Observation): Partial<ModelCacheStatus> {
  const { status, spec } = cache
  if (status === undefined || !isStaging(spec)) return {}
  const { observedGeneration, phase, conditions, source, clusters, moreClusters, replicas, size, ...found } =
    status
  return found
}

/** The size of the artifact. A claim has room for more, so its size says something else. */
function sizeOf({ bytesTotal }: Partial<ModelCacheStatus>): { size?: string } {
  return bytesTotal === undefined ? {} : { size: sizeText(bytesTotal) }
}

function conditions(
  { cache, claim, now }: Observation,
  { ready: isReady, phase, reason, message }: Verdict,
  parts: Partial<ModelCacheStatus>,
): Condition[] {
  // A snapshot that was staged once is still there, whatever happens now, unless its claim is lost.
  const isThere =
    parts.resolvedDigest !== undefined && claim !== undefined && claim.metadata.uid === parts.claimUID
  const isPopulated = isReady || (isThere && phase !== 'Failed')
  const holds = {
    Ready: isReady,
    Populated: isPopulated,
    Failed: phase === 'Failed',
    // As kstatus wants it, they are absent if they are not True.
    ...(!isReady && { [effectOf(reason) === 'final' ? 'Stalled' : 'Reconciling']: true }),
  }
  return Object.entries(holds).map(([type, held]) =>
    condition(
      cache.status?.conditions,
      {
        type,
        status: held ? 'True' : 'False',
        reason,
        message,
        observedGeneration: cache.metadata.generation,
      },
      now,
    ),
  )
}
