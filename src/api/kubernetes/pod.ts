import { z } from 'zod'
import { CACHE_CONSUMER, CACHE_CONTAINERS, CACHES, HYDRATOR_IMAGE, INJECTED, NOT_READY } from '../names.ts'
import { optional } from '../schema/absent.ts'
import { listOf, MAX_OBJECT, mapOf, text } from '../schema/bounds.ts'
import { LEADER_NAME } from './leader-worker-set.ts'
import { objectMeta, valuesOf } from './metadata.ts'

/** More containers than a kubelet would run in one pod. */
const MAX_CONTAINERS = 256
/** More than any pod has. A container with more mounts would hit kernel limits. */
const MAX_VOLUMES = 1024
const MAX_ENV = 4096
/** Linux: PATH_MAX. */
const path = text(4096)
/**
 * Kubernetes: containers and volumes are named by DNS labels. The names of claims and the keys of references
 * are a little longer.
 */
const name = text(1024)

/** The fields by which a pod chooses its operating system. */
export const OS_LABEL = 'kubernetes.io/os'

/** What rules read of a volumeMount of a container. */
const volumeMount = z.object({
  name,
  mountPath: path,
  readOnly: optional(z.boolean()),
  subPath: optional(path),
  subPathExpr: optional(path),
})

/**
 * Kubernetes: the name of a resource is a qualified name. A text longer than any quantity is not an amount.
 */
const quantities = mapOf(z.union([text(MAX_OBJECT), z.number(), z.null()]), { entries: 1024, key: 1024 })

const words = optional(listOf(text(MAX_OBJECT), MAX_ENV))

const container = z.object({
  name,
  image: optional(path),
  command: words,
  args: words,
  env: optional(
    listOf(
      z.object({
        name: path,
        value: optional(text(MAX_OBJECT)),
        valueFrom: optional(z.object({ fieldRef: optional(z.object({ fieldPath: path })) })),
      }),
      MAX_ENV,
    ),
  ),
  envFrom: optional(listOf(z.unknown(), MAX_ENV)),
  workingDir: optional(path),
  restartPolicy: optional(text(64)),
  resources: optional(
    z.object({
      limits: optional(quantities),
      requests: optional(quantities),
      claims: optional(listOf(z.unknown(), MAX_VOLUMES)),
    }),
  ),
  volumeMounts: optional(listOf(volumeMount, MAX_VOLUMES)),
  volumeDevices: optional(listOf(z.object({ name: optional(name), devicePath: path }), MAX_VOLUMES)),
})

const containers = listOf(container, MAX_CONTAINERS)

const volume = z.object({
  name,
  persistentVolumeClaim: optional(z.object({ claimName: name, readOnly: optional(z.boolean()) })),
})

/** What rules read of the spec of a pod, in a Pod or in a template. */
export const podSpec = z.object({
  volumes: optional(listOf(volume, MAX_VOLUMES)),
  containers,
  initContainers: optional(containers),
  ephemeralContainers: optional(containers),
  os: optional(z.object({ name })),
  nodeSelector: optional(valuesOf(OS_LABEL)),
  nodeName: optional(name),
  shareProcessNamespace: optional(z.boolean()),
  hostPID: optional(z.boolean()),
  schedulingGates: optional(listOf(z.object({ name }), MAX_VOLUMES)),
})

const ownerReference = z.object({ kind: name, uid: name, controller: optional(z.boolean()) })

/** The annotations that rules read of a pod, or of its template. */
export const podAnnotations = valuesOf(
  CACHES,
  CACHE_CONTAINERS,
  NOT_READY,
  INJECTED,
  HYDRATOR_IMAGE,
  LEADER_NAME,
)

/**
 * The part of a core/v1 Pod that rules read. Every string and list in it is bounded. Members may be null,
 * because Go writes null for some empty fields. We never touch the rest of the pod: the patch comes from this
 * view and applies to the original.
 */
export const pod = z.compile(
  z.object({
    metadata: objectMeta.extend({
      labels: optional(valuesOf(CACHE_CONSUMER)),
      annotations: optional(podAnnotations),
      ownerReferences: optional(listOf(ownerReference, MAX_VOLUMES)),
    }),
    spec: podSpec,
  }),
)

export type Pod = z.infer<typeof pod>
export type PodSpec = z.infer<typeof podSpec>
export type Container = z.infer<typeof container>
export type Volume = z.infer<typeof volume>
export type VolumeMount = z.infer<typeof volumeMount>
