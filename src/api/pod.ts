import { z } from 'zod'
import { objectMeta } from './metadata.ts'

/** What rules read of a volumeMount of a container. */
const volumeMount = z.looseObject({
  name: z.string(),
  mountPath: z.string(),
  readOnly: z.boolean().nullish(),
  subPath: z.string().nullish(),
  subPathExpr: z.string().nullish(),
})

const resourceList = z.record(z.string(), z.union([z.string(), z.number()])).nullish()

const container = z.looseObject({
  name: z.string(),
  image: z.string().nullish(),
  command: z.array(z.string()).nullish(),
  args: z.array(z.string()).nullish(),
  env: z
    .array(
      z.looseObject({
        name: z.string(),
        valueFrom: z.looseObject({ fieldRef: z.looseObject({ fieldPath: z.string() }).nullish() }).nullish(),
      }),
    )
    .nullish(),
  resources: z
    .looseObject({ limits: resourceList, requests: resourceList, claims: z.array(z.unknown()).nullish() })
    .nullish(),
  volumeMounts: z.array(volumeMount).nullish(),
  volumeDevices: z.array(z.looseObject({ devicePath: z.string() })).nullish(),
})

const volume = z.looseObject({
  name: z.string(),
  persistentVolumeClaim: z.looseObject({ claimName: z.string(), readOnly: z.boolean().nullish() }).nullish(),
})

/** What rules read of the spec of a pod, in a Pod or in a template. */
export const podSpec = z.looseObject({
  volumes: z.array(volume).nullish(),
  containers: z.array(container),
  initContainers: z.array(container).nullish(),
  ephemeralContainers: z.array(container).nullish(),
  os: z.looseObject({ name: z.string() }).nullish(),
  nodeSelector: z.record(z.string(), z.string()).nullish(),
  nodeName: z.string().nullish(),
  schedulingGates: z.array(z.looseObject({ name: z.string() })).nullish(),
})

const ownerReference = z.looseObject({
  kind: z.string(),
  uid: z.string(),
  controller: z.boolean().nullish(),
})

/**
 * The part of a core/v1 Pod that injection reads. Members may be null where Go omits them; the rest of the pod
 * is never touched, because the patch is written from this view and applied to the original.
 */
export const pod = z.looseObject({
  metadata: objectMeta.extend({
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(ownerReference).nullish(),
  }),
  spec: podSpec,
})

export type Pod = z.infer<typeof pod>
export type PodSpec = z.infer<typeof podSpec>
export type Container = z.infer<typeof container>
export type Volume = z.infer<typeof volume>
export type VolumeMount = z.infer<typeof volumeMount>
