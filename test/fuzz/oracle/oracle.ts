import type { Cluster } from './cluster.ts'
import { at } from './json.ts'
import { review as reviewShape } from './kinds.ts'
import { judgeModelCache } from './modelcache.ts'
import { judgeFinalPod, judgeJob, judgeNewPod } from './pods.ts'
import type { Verdict } from './verdict.ts'
import { judgeWorkload } from './workloads.ts'

/**
 * The rules of admission, stated a second time: from the design, as plainly as possible, over plain JSON and
 * without a line of the product. It finds every true reason, but the product may stop at the first.
 */
const JUDGES: Record<string, (request: unknown, cluster: Cluster) => Verdict> = {
  'mutate-pods': judgeNewPod,
  'validate-pods': judgeFinalPod,
  'validate-jobs': judgeJob,
  'validate-workloads': judgeWorkload,
  'validate-modelcaches': judgeModelCache,
}

export const WEBHOOKS = Object.keys(JUDGES)

export function judge(webhook: string, review: unknown, cluster: Cluster): Verdict {
  const request = at(review, 'request')
  const judgeRequest = JUDGES[webhook]
  if (judgeRequest === undefined) throw new Error(`no webhook ${webhook}`)
  if (reviewShape(review)) return judgeRequest(request, cluster)
  return { isReview: false, allowed: false, reasons: new Set(), object: at(request, 'object') }
}
