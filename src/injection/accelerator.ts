import type { Container } from '../api/pod.ts'
import { parseQuantity } from '../api/quantity.ts'

/**
 * Whether a container asks for an accelerator: an extended resource (nvidia.com/gpu, google.com/tpu,
 * amd.com/gpu …) in a quantity other than zero, or a claim of dynamic resource allocation.
 */
export function requestsAccelerator({ resources }: Container): boolean {
  if (!resources) return false
  if (resources.claims && resources.claims.length > 0) return true
  return [resources.limits, resources.requests].some(list =>
    Object.entries(list ?? {}).some(([name, quantity]) => isExtendedResource(name) && !isZero(quantity)),
  )
}

/** Kubernetes: an extended resource has a fully qualified name outside of kubernetes.io. */
function isExtendedResource(name: string): boolean {
  const [domain, rest] = name.split('/', 2)
  if (domain === undefined || rest === undefined) return false
  return domain !== 'kubernetes.io' && !domain.endsWith('.kubernetes.io')
}

function isZero(quantity: string | number): boolean {
  return parseQuantity(quantity) === 0n
}
