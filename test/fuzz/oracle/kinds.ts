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
  name: maybe(text),
  generateName: maybe(text),
  namespace: maybe(text),
  uid: maybe(text),
  resourceVersion: maybe(text),
  generation: maybe(number),
  deletionTimestamp: maybe(text),
  labels: maybe(mapOf(text)),
  annotations: maybe(mapOf(text)),
}
export const objectMetadata: Shape = having(METADATA)
export const namedMetadata: Shape = having({ ...METADATA, name: text })

const CONTAINERS = listOf(
  having({
    name: text,
    image: maybeNull(text),
    command: maybeNull(listOf(text)),
    args: maybeNull(listOf(text)),
    env: maybeNull(
      listOf(
        having({
          name: text,
          valueFrom: maybeNull(having({ fieldRef: maybeNull(having({ fieldPath: text })) })),
        }),
      ),
    ),
    resources: maybeNull(
      having({
        limits: maybeNull(mapOf(quantity)),
        requests: maybeNull(mapOf(quantity)),
        claims: maybeNull(listOf(anything)),
      }),
    ),
    volumeMounts: maybeNull(
      listOf(
        having({
          name: text,
          mountPath: text,
          readOnly: maybeNull(flag),
          subPath: maybeNull(text),
          subPathExpr: maybeNull(text),
        }),
      ),
    ),
    volumeDevices: maybeNull(listOf(having({ devicePath: text }))),
  }),
)

const podSpec = having({
  volumes: maybeNull(
    listOf(
      having({
        name: text,
        persistentVolumeClaim: maybeNull(having({ claimName: text, readOnly: maybeNull(flag) })),
      }),
    ),
  ),
  containers: CONTAINERS,
  initContainers: maybeNull(CONTAINERS),
  ephemeralContainers: maybeNull(CONTAINERS),
  os: maybeNull(having({ name: text })),
  nodeSelector: maybeNull(mapOf(text)),
  nodeName: maybeNull(text),
  schedulingGates: maybeNull(listOf(having({ name: text }))),
})

export const pod: Shape = having({
  metadata: having({
    ...METADATA,
    labels: maybeNull(mapOf(text)),
    annotations: maybeNull(mapOf(text)),
    ownerReferences: maybeNull(listOf(having({ kind: text, uid: text, controller: maybeNull(flag) }))),
  }),
  spec: podSpec,
})

export const job: Shape = having({
  metadata: objectMetadata,
  spec: having({ template: having({ spec: podSpec }) }),
})

/** What carries annotations, whatever else it is. */
export const annotated: Shape = having({
  metadata: maybeNull(having({ annotations: maybeNull(mapOf(text)) })),
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
