import { admissionReview } from '../../../src/admission/admission-review.ts'
import { mutatePod } from '../../../src/admission/pod/mutate.ts'
import { clusterOf, READY } from '../cluster.ts'
import { type Result, rowOf } from '../results.ts'
import { leaderPod, podReview } from '../subjects.ts'
import { timeRounds } from '../timed-rounds.ts'

const SIZES = [10_000, 1_000, 10]
const CONSUMERS = 10_000
const TIMES = 5_000

/** Times the decision about one pod with 10 to 10,000 caches in 100 namespaces. The sizes take turns. */
export function benchScale(rounds: number): Result {
  const { request } = admissionReview.parse(podReview(leaderPod(READY)))
  const views = SIZES.map(caches => clusterOf({ caches, consumers: CONSUMERS }))
  const figures = new Map(SIZES.map((caches): [string, number[]] => [nameOf(caches), []]))
  for (let round = 0; round < rounds; round++)
    for (const [index, view] of views.entries()) {
      if (!mutatePod(request, view).allowed) throw new Error('the pod should be given its cache')
      const { median } = timeRounds(() => void mutatePod(request, view), { rounds: 1, times: TIMES })
      figures.get(nameOf(SIZES[index] ?? 0))?.push(median)
    }
  return rowOf({
    name: 'decision-scale',
    work: `the decision about one pod, ${CONSUMERS.toLocaleString('en')} consumers, 100 namespaces`,
    unit: 'µs',
    ours: nameOf(10_000),
    figures,
  })
}

function nameOf(caches: number): string {
  return `${caches.toLocaleString('en')} caches`
}
