import { admissionReview } from '../../src/admission/admission-review.ts'
import type { ClusterView } from '../../src/admission/cluster-view.ts'
import type { Decision } from '../../src/admission/decision.ts'
import { aPolicy } from '../../src/admission/fixtures.ts'
import { validateModelCache } from '../../src/admission/modelcache/validate.ts'
import { mutatePod } from '../../src/admission/pod/mutate.ts'
import { validatePod } from '../../src/admission/pod/validate.ts'
import { validateWorkload } from '../../src/admission/workload/validate.ts'
import { applied } from '../../src/injection/fixtures.ts'
import { clusterOf, HYDRATING, READY } from './cluster.ts'
import { cacheReview, deletionReview, gangReview, leaderPod, podReview } from './subjects.ts'
import { timeRounds } from './timed-rounds.ts'

const SIZES = [10, 1_000, 10_000]
const CONSUMERS = 10_000
const TIMES = 5_000

/** One kind of decision, and whether it must be allowed: timing a wrong verdict would be worthless. */
interface Subject {
  name: string
  allowed: boolean
  decide: (view: ClusterView) => Decision
}

/**
 * Microseconds for each decision, including parsing by zod and writing the JSON Patch, with more and more
 * caches in the stores. Look-ups are by key, so a row should be flat.
 */
export function benchRules(): void {
  const columns = SIZES.map(caches => `${caches.toLocaleString('en')} caches`)
  console.log(line('µs per decision, median of rounds', columns))
  const views = SIZES.map(caches => clusterOf({ caches, consumers: CONSUMERS }))
  const all = subjects()
  // One round first, so that the compiler has seen every path before we measure.
  for (const { decide } of all)
    for (const view of views) timeRounds(() => void decide(view), { times: TIMES, rounds: 0 })
  for (const { name, allowed, decide } of all) {
    const medians = views.map(view => {
      if (decide(view).allowed !== allowed) throw new Error(`${name}: the wrong verdict`)
      return timeRounds(() => void decide(view), { times: TIMES }).median
    })
    console.log(
      line(
        name,
        medians.map(median => median.toFixed(1)),
      ),
    )
  }
}

function subjects(): Subject[] {
  const policy = aPolicy()
  const parse = (review: object) => admissionReview.parse(review).request
  const asking = parse(podReview(leaderPod(READY)))
  const early = parse(podReview(leaderPod(HYDRATING)))
  const injected = parse(podReview(injectedPod()))
  const cache = parse(cacheReview())
  const gang = parse(gangReview())
  const deletion = parse(deletionReview())
  return [
    { name: 'mutate pod, cache Ready', allowed: true, decide: view => mutatePod(asking, view) },
    { name: 'mutate pod, cache not Ready: denied', allowed: false, decide: view => mutatePod(early, view) },
    { name: 'validate pod', allowed: true, decide: view => validatePod(injected, view, policy) },
    { name: 'validate ModelCache', allowed: true, decide: view => validateModelCache(cache, view, policy) },
    { name: 'validate LeaderWorkerSet', allowed: true, decide: view => validateWorkload(gang, view) },
    {
      name: `delete ModelCache, ${CONSUMERS.toLocaleString('en')} pods in the cluster: denied`,
      allowed: false,
      decide: view => validateModelCache(deletion, view, policy),
    },
  ]
}

/** The pod as the validating webhook gets it, after injection. */
function injectedPod(): unknown {
  const pod = leaderPod(READY)
  const decision = mutatePod(admissionReview.parse(podReview(pod)).request, clusterOf({ caches: 1 }))
  if (!decision.allowed) throw new Error('the pod should be given its cache')
  return applied(pod, decision.patch)
}

function line(name: string, figures: readonly string[]): string {
  return name.padEnd(56) + figures.map(figure => figure.padStart(15)).join('')
}
