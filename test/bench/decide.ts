import { admissionReview } from '../../src/admission/admissionreview.ts'
import { mutatePod } from '../../src/admission/pod/mutate.ts'
import { row, timeRounds } from './rounds.ts'
import { leaderPodReview, viewOf } from './subjects.ts'

/** The decision on one pod, parsing by zod and the JSON Patch included, with ever more caches in memory. */
export function benchDecisions(): void {
  const { request } = admissionReview.parse(leaderPodReview('cache-0'))
  const { request: unknown } = admissionReview.parse(leaderPodReview('nobody-made-it'))
  for (const caches of [10, 1_000, 10_000]) {
    const view = viewOf(caches)
    if (!mutatePod(request, view).allowed) throw new Error('the pod should be given its cache')
    console.log(
      row(
        `inject, ${caches.toLocaleString('en')} caches`,
        timeRounds(() => void mutatePod(request, view)),
        'µs',
      ),
    )
  }
  const view = viewOf(10)
  if (mutatePod(unknown, view).allowed) throw new Error('the pod should be refused')
  console.log(
    row(
      'refuse, before the live read',
      timeRounds(() => void mutatePod(unknown, view)),
      'µs',
    ),
  )
}
