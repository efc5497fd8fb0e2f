import { z } from 'zod'

const container = z.looseObject({
  name: z.string(),
  args: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  resources: z.unknown(),
  env: z.array(z.looseObject({ name: z.string() })).optional(),
  volumeMounts: z
    .array(
      z.looseObject({
        name: z.string(),
        mountPath: z.string(),
        readOnly: z.boolean().optional(),
        subPath: z.string().optional(),
        subPathExpr: z.string().optional(),
      }),
    )
    .optional(),
})

export const storedPod = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({
    volumes: z.array(
      z.looseObject({
        name: z.string(),
        persistentVolumeClaim: z
          .object({ claimName: z.string(), readOnly: z.boolean().optional() })
          .optional(),
      }),
    ),
    containers: z.array(container),
    initContainers: z.array(container).optional(),
    schedulingGates: z.array(z.object({ name: z.string() })).optional(),
  }),
})

export type StoredPod = z.infer<typeof storedPod>

/**
 * A mount of a claim in a stored pod, on one line: `container claim[/subPath] at path`, with `!` if it is
 * writable.
 */
export function claimMounts(pod: StoredPod): string[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(({ name, volumeMounts }) =>
    (volumeMounts ?? []).flatMap(mount => {
      const source = pod.spec.volumes.find(volume => volume.name === mount.name)?.persistentVolumeClaim
      if (source === undefined) return []
      const subPath = mount.subPath ?? mount.subPathExpr
      const folder = subPath === undefined ? source.claimName : `${source.claimName}/${subPath}`
      const writable = source.readOnly === true && mount.readOnly === true ? '' : '!'
      return [`${name} ${folder} at ${mount.mountPath}${writable}`]
    }),
  )
}
