import type { ModelCache } from '../../api/modelcache.ts'
import { askSource } from '../../api/sources.ts'
import type { CopiedKind, Plan, Wanted } from '../copies/copied-kind.ts'
import { stepFor } from '../copies/step.ts'
import type { WholeOf } from '../copies/whole.ts'
import { type Additions, type CacheCopy, copiesOf, copyOf, fingerprintOf } from './copy.ts'
import type { Choice } from './pins.ts'

export interface TravelOptions {
  readonly hubID: string
  readonly originals: CopiedKind<ModelCache>['originals']
  readonly wholeOf: WholeOf
  /** Whether a ModelCache goes to the cluster of this name. */
  isPlaced(cache: ModelCache, cluster: string): boolean
  /** The version of the Secret to copy with a ModelCache; undefined if there is none. */
  secretVersionFor(cache: ModelCache): string | undefined
  /** The revision of a ModelCache that the cluster of this name is to stage. */
  choiceFor(cache: ModelCache, cluster: string): Choice
  onNews(key: string): void
}

/** How ModelCaches are copied to other clusters. */
export function travellingCaches(options: TravelOptions): CopiedKind<ModelCache, CacheCopy> {
  const { hubID, originals, wholeOf, onNews } = options
  const wantedOf = (cache: ModelCache, additions: Additions): Wanted => ({
    fingerprint: fingerprintOf(cache, additions),
    async manifest() {
      const whole = await wholeOf(cache, `${cache.metadata.uid} ${fingerprintOf(cache, {})}`)
      return whole && copyOf(whole, hubID, additions)
    },
  })
  const withSecret = (cache: ModelCache, additions: Additions): Wanted => {
    const name = secretOf(cache)
    const wanted = wantedOf(cache, additions)
    if (additions.secretVersion === undefined || name === undefined) return wanted
    return { ...wanted, secret: { name, before: wantedOf(cache, { pin: additions.pin }) } }
  }
  const planFor = (cache: ModelCache, copy: CacheCopy | undefined, cluster: string): Plan => {
    const isPlaced = options.isPlaced(cache, cluster)
    const choice: Choice = isPlaced ? options.choiceFor(cache, cluster) : { pin: undefined }
    const wanted =
      'waitsFor' in choice
        ? undefined
        : withSecret(cache, { secretVersion: options.secretVersionFor(cache), pin: choice.pin })
    const isNoted = mayHaveCopy(cache, cluster)
    const step = stepFor(cache, copy, { isPlaced, isNoted, fingerprint: wanted?.fingerprint })
    if (step === 'delete') return { do: 'delete' }
    if (step === 'apply' && wanted !== undefined) return { do: 'apply', wanted }
    if (!('waitsFor' in choice) || copy !== undefined) return { do: 'nothing' }
    const problem = `waits until cluster ${choice.waitsFor} has found the revision to stage`
    return { do: 'nothing', problem }
  }
  return { resource: copiesOf(hubID), originals, travels: cacheTravels, planFor, onNews }
}

/** Whether a ModelCache has to do with other clusters. */
export function cacheTravels({ spec, status }: ModelCache): boolean {
  return spec.clusterSelector !== undefined || status?.replicas !== undefined
}

/** The Secret that the Job of a ModelCache reads. */
export function secretOf({ spec }: ModelCache): string | undefined {
  return askSource(spec.artifact.source, (type, source) => type.secret?.(source)?.name)
}

/** Whether status says that a cluster may have a copy. If there are many, it names some of them. */
export function mayHaveCopy({ status }: ModelCache, cluster: string): boolean {
  if (status?.replicas === undefined) return false
  return status.moreClusters !== undefined || status.clusters?.some(({ name }) => name === cluster) === true
}
