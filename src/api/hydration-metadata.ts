/**
 * Labels and annotations that a hydration pod may be given by its ModelCache. Injectors obey those of pods, and one
 * that puts a container beside the hydrator would let a tenant write what others trust. So these are none that inject
 * a container.
 */
const ALLOWED = [
  // Identities of clouds.
  'azure.workload.identity/use',
  'azure.workload.identity/service-account-token-expiration',
  // Queues and priorities.
  'kueue.x-k8s.io/queue-name',
  'kueue.x-k8s.io/priority-class',
  'scheduling.volcano.sh/queue-name',
  // Autoscalers, which would move the pod.
  'cluster-autoscaler.kubernetes.io/safe-to-evict',
  'karpenter.sh/do-not-disrupt',
  // Names for people.
  'app.kubernetes.io/instance',
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/version',
] as const

/**
 * Whether a hydration pod may have this label or annotation. Kubernetes keeps keys without a prefix for users, and
 * has automated systems use one. `more` is what an installation allows besides: keys, and prefixes that end with
 * `/*`.
 */
export function isAllowedKey(key: string, more: readonly string[] = []): boolean {
  return (
    !key.includes('/') ||
    [...ALLOWED, ...more].some(allowed =>
      allowed.endsWith('/*') ? key.startsWith(allowed.slice(0, -1)) : key === allowed,
    )
  )
}

type Metadata = Readonly<Record<string, string>>

/** Keys of the labels and annotations of `spec.hydration` that a hydration pod may not have. */
export function forbiddenKeys(
  hydration: { labels?: Metadata | undefined; annotations?: Metadata | undefined } | undefined,
  more: readonly string[] = [],
): string[] {
  const { labels = {}, annotations = {} } = hydration ?? {}
  return [...Object.keys(labels), ...Object.keys(annotations)].filter(key => !isAllowedKey(key, more))
}
