import {
  ALLOW_DELETE_IN_USE,
  CACHES,
  CONTAINERS as CHOSEN,
  CONSUMER,
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
  maybeNull,
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
  creationTimestamp: maybeNull(textOf(0, 256)),
  deletionTimestamp: maybe(textOf(0, 256)),
}
export const objectMetadata: Shape = having(METADATA)
export const cacheMetadata: Shape = having({
  ...METADATA,
  name: textOf(0, 253),
  annotations: maybe(having({ [ALLOW_DELETE_IN_USE]: maybe(text) })),
})

/** Labels and annotations are people's; ours among them are texts. */
const annotations = maybeNull(
  having(
    Object.fromEntries([CACHES, CHOSEN, NOT_READY, INJECTED, LEADER_NAME].map(name => [name, maybe(text)])),
  ),
)
const name = textOf(0, 1024)
const path = textOf(0, 4096)

const CONTAINERS = listOf(
  having({
    name,
    image: maybeNull(path),
    command: maybeNull(listOf(text, 4096)),
    args: maybeNull(listOf(text, 4096)),
    env: maybeNull(
      listOf(
        having({
          name: path,
          value: maybeNull(text),
          valueFrom: maybeNull(having({ fieldRef: maybeNull(having({ fieldPath: path })) })),
        }),
        4096,
      ),
    ),
    envFrom: maybeNull(listOf(anything, 4096)),
    workingDir: maybeNull(path),
    restartPolicy: maybeNull(textOf(0, 64)),
    resources: maybeNull(
      having({
        limits: maybeNull(mapOf(quantity, textOf(0, 1024), 1024)),
        requests: maybeNull(mapOf(quantity, textOf(0, 1024), 1024)),
        claims: maybeNull(listOf(anything, 1024)),
      }),
    ),
    volumeMounts: maybeNull(
      listOf(
        having({
          name,
          mountPath: path,
          readOnly: maybeNull(flag),
          subPath: maybeNull(path),
          subPathExpr: maybeNull(path),
        }),
        1024,
      ),
    ),
    volumeDevices: maybeNull(listOf(having({ devicePath: path }), 1024)),
  }),
  256,
)

const podSpec = having({
  volumes: maybeNull(
    listOf(
      having({
        name,
        persistentVolumeClaim: maybeNull(having({ claimName: name, readOnly: maybeNull(flag) })),
      }),
      1024,
    ),
  ),
  containers: CONTAINERS,
  initContainers: maybeNull(CONTAINERS),
  ephemeralContainers: maybeNull(CONTAINERS),
  os: maybeNull(having({ name })),
  nodeSelector: maybeNull(having({ 'kubernetes.io/os': maybe(text) })),
  nodeName: maybeNull(name),
  schedulingGates: maybeNull(listOf(having({ name }), 1024)),
})

export const pod: Shape = having({
  metadata: having({
    ...METADATA,
    labels: maybeNull(having({ [CONSUMER]: maybe(text) })),
    annotations,
    ownerReferences: maybeNull(listOf(having({ kind: name, uid: name, controller: maybeNull(flag) }), 1024)),
  }),
  spec: podSpec,
})

export const job: Shape = having({
  metadata: objectMetadata,
  spec: having({ template: having({ spec: podSpec }) }),
})

/** What carries annotations, whatever else it is. */
export const annotated: Shape = having({
  metadata: maybeNull(having({ annotations })),
})

const request = having({
  uid: textOf(1, Number.POSITIVE_INFINITY),
  resource: having({ group: text, version: text, resource: text }),
  subResource: maybe(text),
  operation: oneOf('CREATE', 'UPDATE', 'DELETE', 'CONNECT'),
  name: maybe(text),
  namespace: maybe(text),
  userInfo: maybe(having({ username: maybe(text) })),
  dryRun: maybeNull(flag),
})

export const review: Shape = having({
  apiVersion: oneOf('admission.k8s.io/v1'),
  kind: oneOf('AdmissionReview'),
  request,
})

export const objectName: Shape = isObjectName
export const digest: Shape = both(text, isDigest)
