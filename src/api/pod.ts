import { z } from 'zod'
import { CACHE_CONSUMER, CACHE_CONTAINERS, CACHES, INJECTED, NOT_READY } from './annotations.ts'
import { listOf, MAX_OBJECT, mapOf, text } from './bounds.ts'
import { LEADER_NAME } from './leader-worker-set.ts'
import { objectMeta, valuesOf } from './metadata.ts'

/** More than a kubelet would run in one pod. */
const MAX_CONTAINERS = 256
/** More than any pod has; a container with more mounts meets the limits of kernels. */
const MAX_VOLUMES = 1024
const MAX_ENV = 4096
/** Linux: PATH_MAX. */
const path = text(4096)
/** Kubernetes: containers and volumes are named by DNS labels; claims and references are a little longer. */
const name = text(1024)

/** Where a pod says on which system it runs. */
export const OS_LABEL = 'kubernetes.io/os'

/** What rules read of a volumeMount of a container. */
const volumeMount = z.object({
  name,
  mountPath: path,
  readOnly: z.boolean().nullish(),
  subPath: path.nullish(),
  subPathExpr: path.nullish(),
})

/** Kubernetes: the name of a resource is a qualified name. What is longer than a quantity can be says no amount. */
const quantities = mapOf(z.union([text(MAX_OBJECT), z.number()]), { entries: 1024, key: 1024 })

const words = listOf(text(MAX_OBJECT), MAX_ENV).nullish()

const container = z.object({
  name,
  image: path.nullish(),
  command: words,
  args: words,
  env: listOf(
    z.object({
      name: path,
      value: text(MAX_OBJECT).nullish(),
      valueFrom: z.object({ fieldRef: z.object({ fieldPath: path }).nullish() }).nullish(),
    }),
    MAX_ENV,
  ).nullish(),
  envFrom: listOf(z.unknown(), MAX_ENV).nullish(),
  workingDir: path.nullish(),
  restartPolicy: text(64).nullish(),
  resources: z
    .object({
      limits: quantities.nullish(),
      requests: quantities.nullish(),
      claims: listOf(z.unknown(), MAX_VOLUMES).nullish(),
    })
    .nullish(),
  volumeMounts: listOf(volumeMount, MAX_VOLUMES).nullish(),
  volumeDevices: listOf(z.object({ devicePath: path }), MAX_VOLUMES).nullish(),
})

const containers = listOf(container, MAX_CONTAINERS)

const volume = z.object({
  name,
  persistentVolumeClaim: z.object({ claimName: name, readOnly: z.boolean().nullish() }).nullish(),
})

/** What rules read of the spec of a pod, in a Pod or in a template. */
export const podSpec = z.object({
  volumes: listOf(volume, MAX_VOLUMES).nullish(),
  containers,
  initContainers: containers.nullish(),
  ephemeralContainers: containers.nullish(),
  os: z.object({ name }).nullish(),
  nodeSelector: valuesOf(OS_LABEL).nullish(),
  nodeName: name.nullish(),
  schedulingGates: listOf(z.object({ name }), MAX_VOLUMES).nullish(),
})

const ownerReference = z.object({ kind: name, uid: name, controller: z.boolean().nullish() })

/** The annotations that rules read of a pod, or of its template. */
export const podAnnotations = valuesOf(CACHES, CACHE_CONTAINERS, NOT_READY, INJECTED, LEADER_NAME)

/**
 * The part of a core/v1 Pod that rules read, every string and list of it bounded. Members may be null where Go omits them; the rest
 * of the pod is never touched, because the patch is written from this view and applied to the original.
 */
export const pod = z.compile(
  z.object({
    metadata: objectMeta.extend({
      labels: valuesOf(CACHE_CONSUMER).nullish(),
      annotations: podAnnotations.nullish(),
      ownerReferences: listOf(ownerReference, MAX_VOLUMES).nullish(),
    }),
    spec: podSpec,
  }),
)

export type Pod = z.infer<typeof pod>
export type PodSpec = z.infer<typeof podSpec>
export type Container = z.infer<typeof container>
export type Volume = z.infer<typeof volume>
export type VolumeMount = z.infer<typeof volumeMount>
