/**
 * Labels and annotations that a ModelCache may give to its hydration pod. Injectors obey the labels and
 * annotations of pods, and an injector that adds a container beside the hydrator would let a tenant write
 * what others trust. So this list has none that chooses what a container is or mounts.
 */
const ALLOWED = [
  // Cloud identities.
  'azure.workload.identity/use',
  'azure.workload.identity/service-account-token-expiration',
  // Queues and priorities.
  'kueue.x-k8s.io/queue-name',
  'kueue.x-k8s.io/priority-class',
  'scheduling.volcano.sh/queue-name',
  // Autoscalers, which might otherwise move the pod.
  'cluster-autoscaler.kubernetes.io/safe-to-evict',
  'karpenter.sh/do-not-disrupt',
  // The proxies of service meshes, which share the network of the pod and nothing else.
  'sidecar.istio.io/inject',
  'linkerd.io/inject',
  // Names for people.
  'app.kubernetes.io/instance',
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/version',
] as const

/**
 * Whether a hydration pod may have this label or annotation. Kubernetes keeps keys without a prefix for
 * users, and automated systems use a prefix. `more` lists what an installation allows in addition: keys, and
 * prefixes that end with `/*`.
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
