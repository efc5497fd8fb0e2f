import type { Container, PodSpec } from '../api/kubernetes/pod.ts'

/** A place where a claim is mounted writable. */
export interface WritableMount {
  claimName: string
  /** Path of the field in the pod's spec. */
  field: string
  /** The same place, in words. */
  what: string
}

/**
 * Where a pod with this spec could write to claims. Read-only takes two flags, each a line of its own: the
 * flag on the volume keeps kubelet from changing owners of files, and the flag on the mount holds even if a
 * driver ignores the first.
 */
export function writableMounts(spec: PodSpec): WritableMount[] {
  const { containers, initContainers, ephemeralContainers } = spec
  return [
    ...writableVolumes(spec),
    ...mountsOf(spec, 'containers', containers),
    ...mountsOf(spec, 'initContainers', initContainers),
    ...mountsOf(spec, 'ephemeralContainers', ephemeralContainers),
  ]
}

/**
 * Where ephemeral containers of this spec could write to claims. The rest of the pod is unchanged since its
 * admission.
 */
export function writableEphemeralMounts(spec: PodSpec): WritableMount[] {
  return mountsOf(spec, 'ephemeralContainers', spec.ephemeralContainers)
}

function writableVolumes({ volumes }: PodSpec): WritableMount[] {
  return (volumes ?? []).flatMap(({ name, persistentVolumeClaim: source }) =>
    source && source.readOnly !== true
      ? [{ claimName: source.claimName, field: 'spec.volumes', what: `volume ${name}` }]
      : [],
  )
}

function mountsOf(
  { volumes }: PodSpec,
  list: string,
  containers: readonly Container[] | undefined,
): WritableMount[] {
  const claims = new Map(
    (volumes ?? []).flatMap(({ name, persistentVolumeClaim: source }) =>
      source ? [[name, source.claimName] as const] : [],
    ),
  )
  return (containers ?? []).flatMap(container =>
    (container.volumeMounts ?? []).flatMap(mount => {
      const claimName = claims.get(mount.name)
      if (claimName === undefined || mount.readOnly === true) return []
      return [{ claimName, field: `spec.${list}`, what: `container ${container.name}` }]
    }),
  )
}
