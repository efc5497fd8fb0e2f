import {
  ALLOW_DELETE_IN_USE,
  CACHES,
  CONTAINERS as CHOSEN,
  CONSUMER,
  HYDRATOR_IMAGE,
  INJECTED,
  LEADER_NAME,
  NOT_READY,
} from './cluster.ts'
import { isDigest, isObjectName } from './names.ts'
import {
  anything,
  both,
  flag,
  having,
  listOf,
  mapOf,
  maybe,
  number,
  oneOf,
  quantity,
  type Shape,
  text,
  textOf,
} from './shape.ts'

/** The shapes of Kubernetes objects, as far as rules read them, and of the review around them. */

const METADATA = {
  name: maybe(textOf(0, 253)),
  generateName: maybe(textOf(0, 253)),
  namespace: maybe(textOf(0, 253)),
  uid: maybe(textOf(0, 256)),
  resourceVersion: maybe(textOf(0, 256)),
  generation: maybe(number),
  creationTimestamp: maybe(textOf(0, 256)),
  deletionTimestamp: maybe(textOf(0, 256)),
}
export const objectMetadata: Shape = having(METADATA)
export const cacheMetadata: Shape = having({
  ...METADATA,
  name: textOf(0, 253),
  annotations: maybe(having({ [ALLOW_DELETE_IN_USE]: maybe(text) })),
})

/** Labels and annotations belong to people. Ours among them must be text. */
const annotations = maybe(
  having(
    Object.fromEntries(
      [CACHES, CHOSEN, NOT_READY, INJECTED, HYDRATOR_IMAGE, LEADER_NAME].map(name => [name, maybe(text)]),
    ),
  ),
)
const name = textOf(0, 1024)
const path = textOf(0, 4096)

const CONTAINERS = listOf(
  having({
    name,
    image: maybe(path),
    command: maybe(listOf(text, 4096)),
    args: maybe(listOf(text, 4096)),
    env: maybe(
      listOf(
        having({
          name: path,
          value: maybe(text),
          valueFrom: maybe(having({ fieldRef: maybe(having({ fieldPath: path })) })),
        }),
        4096,
      ),
    ),
    envFrom: maybe(listOf(anything, 4096)),
    workingDir: maybe(path),
    restartPolicy: maybe(textOf(0, 64)),
    resources: maybe(
      having({
        limits: maybe(mapOf(maybe(quantity), textOf(0, 1024), 1024)),
        requests: maybe(mapOf(maybe(quantity), textOf(0, 1024), 1024)),
        claims: maybe(listOf(anything, 1024)),
      }),
    ),
    volumeMounts: maybe(
      listOf(
        having({
          name,
          mountPath: path,
          readOnly: maybe(flag),
          subPath: maybe(path),
          subPathExpr: maybe(path),
        }),
        1024,
      ),
    ),
    volumeDevices: maybe(listOf(having({ name: maybe(name), devicePath: path }), 1024)),
  }),
  256,
)

const podSpec = having({
  volumes: maybe(
    listOf(
      having({
        name,
        persistentVolumeClaim: maybe(having({ claimName: name, readOnly: maybe(flag) })),
      }),
      1024,
    ),
  ),
  containers: CONTAINERS,
  initContainers: maybe(CONTAINERS),
  ephemeralContainers: maybe(CONTAINERS),
  os: maybe(having({ name })),
  nodeSelector: maybe(having({ 'kubernetes.io/os': maybe(text) })),
  nodeName: maybe(name),
  shareProcessNamespace: maybe(flag),
  hostPID: maybe(flag),
  schedulingGates: maybe(listOf(having({ name }), 1024)),
})

export const pod: Shape = having({
  metadata: having({
    ...METADATA,
    labels: maybe(having({ [CONSUMER]: maybe(text) })),
    annotations,
    ownerReferences: maybe(listOf(having({ kind: name, uid: name, controller: maybe(flag) }), 1024)),
  }),
  spec: podSpec,
})

const owner = having({ kind: maybe(text), name: maybe(text), uid: textOf(0, 256), controller: maybe(flag) })

export const job: Shape = having({
  metadata: both(objectMetadata, having({ ownerReferences: maybe(listOf(owner, 64)) })),
  spec: having({ template: having({ spec: podSpec }) }),
})

/** Anything that carries annotations. */
export const annotated: Shape = having({
  metadata: maybe(having({ annotations })),
})

const request = having({
  uid: textOf(1, Number.POSITIVE_INFINITY),
  resource: having({ group: text, version: text, resource: text }),
  subResource: maybe(text),
  operation: oneOf('CREATE', 'UPDATE', 'DELETE', 'CONNECT'),
  name: maybe(text),
  namespace: maybe(text),
  userInfo: maybe(having({ username: maybe(text) })),
  dryRun: maybe(flag),
})

export const review: Shape = having({
  apiVersion: oneOf('admission.k8s.io/v1'),
  kind: oneOf('AdmissionReview'),
  request,
})

export const objectName: Shape = isObjectName
export const digest: Shape = both(text, isDigest)
