import { WORKLOAD_KINDS } from '../admission/workload/kinds.ts'
import { GROUP } from '../api/schema/group.ts'
import { foreign } from '../api/schema/text.ts'

/** A kind that somebody can ask about. */
export interface TargetKind {
  group: string
  kind: string
  /** The name of its resource. */
  resource: string
}

export interface Target {
  name: string
  /** In the order in which they are tried. One if the kind was said. */
  kinds: readonly TargetKind[]
}

const POD: TargetKind = { group: '', kind: 'Pod', resource: 'pods' }
const CACHE: TargetKind = { group: GROUP, kind: 'ModelCache', resource: 'modelcaches' }
const DEPLOYMENT: TargetKind = { group: GROUP, kind: 'ModelDeployment', resource: 'modeldeployments' }
export const TARGET_KINDS: readonly TargetKind[] = [POD, ...WORKLOAD_KINDS, DEPLOYMENT, CACHE]

/** The short names of kubectl. */
const SHORT: Readonly<Record<string, string>> = {
  po: 'pods',
  deploy: 'deployments',
  sts: 'statefulsets',
  ds: 'daemonsets',
  rs: 'replicasets',
  rc: 'replicationcontrollers',
  cj: 'cronjobs',
  lws: 'leaderworkersets',
  mc: 'modelcaches',
  mdeploy: 'modeldeployments',
  isvc: 'inferenceservices',
  ksvc: 'services',
}

/** Kinds that a bare name is tried as: every cluster has them, or the product needs them. */
const COMMON = new Set(['', 'apps', 'batch', 'leaderworkerset.x-k8s.io', GROUP])

/**
 * Reads `NAME`, `KIND/NAME` or `KIND NAME`, with a kind in any form that kubectl takes: `deployment`,
 * `deployments.apps`, `deploy`.
 *
 * @throws Error that lists the kinds if it is none
 */
export function readTarget([first = '', second]: readonly string[]): Target {
  const [kind, name] = second === undefined ? splitTarget(first) : [first, second]
  if (kind === undefined) return { name, kinds: TARGET_KINDS.filter(({ group }) => COMMON.has(group)) }
  const [word = '', ...group] = kind.toLowerCase().split('.')
  const resource = SHORT[word] ?? word
  const kinds = TARGET_KINDS.filter(
    each =>
      (each.resource === resource || each.kind.toLowerCase() === resource) &&
      (group.length === 0 || each.group === group.join('.')),
  )
  if (kinds.length > 0) return { name, kinds }
  const known = TARGET_KINDS.map(each => each.kind).join(', ')
  throw new Error(`${foreign(kind, 60)} is not a kind that creates pods; the kinds are ${known}`)
}

function splitTarget(text: string): [kind: string | undefined, name: string] {
  const slash = text.indexOf('/')
  return slash === -1 ? [undefined, text] : [text.slice(0, slash), text.slice(slash + 1)]
}
