import { GROUP } from '../api/group.ts'
import { groupOf, type Manifest } from './manifest.ts'

/** A kind that rules concern: the rules that it meets, and the resource as which the API server would ask about it. */
export interface JudgedKind {
  rules: 'modelcache' | 'pod' | 'workload'
  resource: string
}

const workload = (resource: string): JudgedKind => ({ rules: 'workload', resource })

const KINDS: ReadonlyMap<string, JudgedKind> = new Map([
  [`${GROUP}/ModelCache`, { rules: 'modelcache', resource: 'modelcaches' }],
  ['/Pod', { rules: 'pod', resource: 'pods' }],
  ['apps/Deployment', workload('deployments')],
  ['apps/StatefulSet', workload('statefulsets')],
  ['apps/DaemonSet', workload('daemonsets')],
  ['apps/ReplicaSet', workload('replicasets')],
  ['batch/Job', workload('jobs')],
  ['batch/CronJob', workload('cronjobs')],
  ['leaderworkerset.x-k8s.io/LeaderWorkerSet', workload('leaderworkersets')],
])

/** Undefined for a kind that no rule concerns. */
export function judgedKind({ apiVersion, kind }: Manifest): JudgedKind | undefined {
  return KINDS.get(`${groupOf(apiVersion)}/${kind}`)
}
