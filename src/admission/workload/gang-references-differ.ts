import { isDeepStrictEqual } from 'node:util'
import { CACHES } from '../../api/names.ts'
import { warning } from '../finding.ts'
import { valueAt } from '../value-at.ts'
import type { Advice, Workload } from './workload.ts'

/**
 * Leaders and workers of a gang read the same weights. If only one of them is annotated, that is most likely
 * an oversight.
 */
export const gangReferencesDiffer: Advice = workload => {
  const leader = workload.templates.find(({ role }) => role === 'leader')
  const worker = workload.templates.find(({ role }) => role === 'worker')
  // A gang of one has no worker pods, whatever its worker template says.
  const size = valueAt(workload.object, 'spec.leaderWorkerTemplate.size') ?? 1
  if (!leader || !worker || size === 1) return []
  const [ofLeader, ofWorker] = [namesOf(workload, leader.path), namesOf(workload, worker.path)]
  if (isDeepStrictEqual(new Set(ofLeader), new Set(ofWorker))) return []
  const text = `leaders ask for ${show(ofLeader)}, but workers for ${show(ofWorker)}; set the same ${CACHES} in leaderTemplate and workerTemplate`
  const field = `${worker.path}.metadata.annotations[${CACHES}]`
  return [warning('GangReferencesDiffer', field, text)]
}

function namesOf({ subjects }: Workload, path: string): string[] {
  const subject = subjects.find(({ template }) => template.path === path)
  return subject?.references.map(({ name }) => name) ?? []
}

function show(names: string[]): string {
  return names.join(', ') || 'no cache'
}
