import { parseQuantity } from '../../../api/kubernetes/quantity.ts'
import type { EffectiveHydration } from './effective-hydration.ts'

/**
 * Enough for a file of any size, because the hydrator streams. The rest of the limit is page cache, which the
 * kernel reclaims.
 */
const RESOURCES = {
  requests: { cpu: '250m', memory: '256Mi', 'ephemeral-storage': '64Mi' },
  limits: { cpu: '2', memory: '512Mi', 'ephemeral-storage': '256Mi' },
}

/**
 * Our defaults, and the ModelCache's values on top. If it requests more than our limit, its request is the
 * limit.
 */
export function hydrationResources({ resources }: EffectiveHydration): object {
  const { requests = {}, limits = {} } = resources ?? {}
  return {
    requests: { ...RESOURCES.requests, ...limitedBy(limits), ...requests },
    limits: { ...RESOURCES.limits, ...requests, ...limits },
  }
}

/**
 * Our requests, lowered to the limits of the ModelCache: Kubernetes rejects a pod that requests more than its
 * limit.
 */
function limitedBy(
  limits: Readonly<Record<string, string | number>>,
): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    Object.entries(RESOURCES.requests).flatMap(([name, ours]) => {
      const limit = limits[name]
      const isOver = limit !== undefined && (parseQuantity(limit) ?? 0n) < (parseQuantity(ours) ?? 0n)
      return isOver ? [[name, limit]] : []
    }),
  )
}
