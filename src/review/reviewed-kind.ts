import { ignoredKeys } from '../admission/ignored-keys.ts'
import { bearingsOf } from '../admission/workload/bearings.ts'
import { WORKLOAD_KINDS } from '../admission/workload/kinds.ts'
import { asksForCaches, podTemplates } from '../admission/workload/pod-templates.ts'
import { GROUP } from '../api/schema/group.ts'
import { groupOf, type Manifest } from './manifest.ts'
import { isReservedClaim } from './policies.ts'

/** A kind that rules apply to, with those rules and the resource that the API server would send. */
export interface ReviewedKind {
  /** The webhook is never called for `foreign` kinds, but their pods will ask for caches. */
  rules: 'modelcache' | 'modeldeployment' | 'inferencecluster' | 'claim' | 'pod' | 'workload' | 'foreign'
  resource: string
}

const KINDS: ReadonlyMap<string, ReviewedKind> = new Map<string, ReviewedKind>([
  [`${GROUP}/ModelCache`, { rules: 'modelcache', resource: 'modelcaches' }],
  [`${GROUP}/ModelDeployment`, { rules: 'modeldeployment', resource: 'modeldeployments' }],
  [`${GROUP}/InferenceCluster`, { rules: 'inferencecluster', resource: 'inferenceclusters' }],
  ['/Pod', { rules: 'pod', resource: 'pods' }],
  ...WORKLOAD_KINDS.map(({ group, kind, resource }): [string, ReviewedKind] => [
    `${group}/${kind}`,
    { rules: 'workload', resource },
  ]),
])

const CLAIM: ReviewedKind = { rules: 'claim', resource: 'persistentvolumeclaims' }

/** Undefined for a kind that no rule applies to, unless our annotations are in it. */
export function reviewedKind(manifest: Manifest): ReviewedKind | undefined {
  const { apiVersion, kind, object } = manifest
  const known = KINDS.get(`${groupOf(apiVersion)}/${kind}`)
  if (known !== undefined) return known
  // Other claims only describe the cluster.
  if (kind === 'PersistentVolumeClaim') return isReservedClaim(manifest) ? CLAIM : undefined
  const templates = podTemplates('', object)
  const asks = templates.some(asksForCaches) || ignoredKeys(bearingsOf(object, templates)).length > 0
  return templates.length > 0 && asks ? { rules: 'foreign', resource: '' } : undefined
}
