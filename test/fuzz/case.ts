import type { ClusterView } from '../../src/admission/cluster-view.ts'
import { disagreement } from './compare.ts'
import { generateCluster } from './generate/cluster.ts'
import { createRandom } from './generate/random.ts'
import { generateReview } from './generate/review.ts'
import type { Cluster } from './oracle/cluster.ts'
import { judge } from './oracle/oracle.ts'
import { ask } from './product.ts'
import { viewOf } from './view.ts'

/** One question to both sides: a review as text, and the cluster that it is decided in. */
export interface Case {
  webhook: string
  text: string
  cluster: Cluster
  view: ClusterView
}

/** Creating a cluster costs more than reviewing one object in it. */
const REVIEWS_PER_CLUSTER = 16

/** The cases of a seed, starting at `from`. The seed and the number of a case decide everything about it. */
export function* casesOf(seed: number, from: number, count: number): Generator<{ index: number; one: Case }> {
  let cluster: Cluster | undefined
  let view: ClusterView | undefined
  for (let index = from; index < from + count; index++) {
    if (index % REVIEWS_PER_CLUSTER === 0) cluster = undefined
    cluster ??= generateCluster(createRandom(seed, Math.floor(index / REVIEWS_PER_CLUSTER), 1))
    if (index === from || index % REVIEWS_PER_CLUSTER === 0) view = viewOf(cluster)
    if (view === undefined) return
    const { webhook, text } = generateReview(cluster, createRandom(seed, index, 2))
    yield { index, one: { webhook, text, cluster, view } }
  }
}

/**
 * Where the product and the oracle disagree about a case; undefined if they agree. A throw is a disagreement.
 */
export function check({ webhook, text, cluster, view }: Case): string | undefined {
  const expected = judge(webhook, JSON.parse(text), cluster)
  try {
    return disagreement(webhook, expected, ask(webhook, JSON.parse(text), view, cluster))
  } catch (error) {
    return `crash: ${error instanceof Error ? error.stack : error}`
  }
}
