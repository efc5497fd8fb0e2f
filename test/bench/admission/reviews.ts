import { CACHES } from '../../../src/api/names.ts'
import { HYDRATING, NAMESPACE, READY } from '../cluster.ts'
import { cacheReview, gangReview, leaderPod } from '../subjects.ts'

// Reviews as an API server sends them. Every server gets the same bytes.

/** What a webhook must answer for a review to count. */
export interface Expected {
  allowed: boolean
  isPatched?: boolean
  warns?: boolean
}

export interface Work {
  /** The row in docs/benchmarks.json. */
  name: string
  work: string
  path: string
  review: object
  expected: Expected
}

const USER = {
  username: 'system:serviceaccount:kube-system:statefulset-controller',
  uid: '6b7ad2c5-2a40-4f0d-9b33-0c5f7a2d9f11',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  extra: { 'authentication.kubernetes.io/credential-id': ['JTI=0d5a2b0c-9b8e-4d7e-8f2f-6f0f3a9a1b57'] },
}

export const WORKS: readonly Work[] = [
  {
    name: 'mutate-pod',
    work: 'a leader pod of 6 KB that gets a cache',
    path: '/mutate-pods',
    review: podReview(wholePod(READY)),
    expected: { allowed: true, isPatched: true },
  },
  {
    name: 'deny-pod',
    work: 'the same pod, whose cache is not Ready',
    path: '/mutate-pods',
    review: podReview(wholePod(HYDRATING)),
    expected: { allowed: false },
  },
  {
    name: 'plain-pod',
    work: 'the same pod without caches, for which a webhook has nothing to do',
    path: '/mutate-pods',
    review: podReview(wholePod(undefined)),
    expected: { allowed: true, isPatched: false },
  },
  {
    name: 'validate-modelcache',
    work: 'a new ModelCache',
    path: '/validate-modelcaches',
    review: asSent(cacheReview()),
    expected: { allowed: true },
  },
  {
    name: 'warn-workload',
    work: 'a LeaderWorkerSet whose cache is not Ready, which is a warning',
    path: '/validate-workloads',
    review: asSent(gangReview(HYDRATING)),
    expected: { allowed: true, warns: true },
  },
]

/** Adds the members that every API server sends. */
function asSent(review: { request: Record<string, unknown> }) {
  const { object, resource } = review.request
  const { kind = '', apiVersion = '' } = Object(object)
  const [version = '', group = ''] = String(apiVersion).split('/').toReversed()
  const options = {
    kind: 'CreateOptions',
    apiVersion: 'meta.k8s.io/v1',
    fieldManager: 'kube-controller-manager',
  }
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      ...review.request,
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group, version, kind },
      requestKind: { group, version, kind },
      requestResource: resource,
      userInfo: USER,
      options,
      dryRun: false,
    },
  }
}

function podReview(pod: { metadata: object }) {
  const request = {
    resource: { group: '', version: 'v1', resource: 'pods' },
    operation: 'CREATE',
    namespace: NAMESPACE,
    name: 'llama-gang-0',
    object: pod,
    oldObject: null,
  }
  return asSent({ request })
}

/** The leader pod with everything that the controllers and the API server add. */
function wholePod(cache: string | undefined) {
  const { metadata, spec, ...rest } = leaderPod(cache ?? '')
  const [container] = Object(spec).containers
  const env = (name: string, value: string) => ({ name, value })
  const fromField = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
  })
  const set = 'leaderworkerset.sigs.k8s.io'
  const annotations = {
    [`${set}/size`]: '3',
    [`${set}/leader-requests-tpus`]: 'false',
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '8000',
    ...(cache !== undefined && { [CACHES]: cache }),
  }
  return {
    ...rest,
    metadata: {
      ...metadata,
      generateName: 'llama-gang-',
      uid: '1f5c7a36-8b0e-4a9d-9a51-0f2f6b1d7e42',
      creationTimestamp: '2026-11-28T12:00:00Z',
      labels: {
        role: 'leader',
        'app.kubernetes.io/name': 'llama-gang',
        'app.kubernetes.io/part-of': 'inference',
        'apps.kubernetes.io/pod-index': '0',
        'controller-revision-hash': 'llama-gang-5d8f9c7b66',
        [`${set}/name`]: 'llama-gang',
        [`${set}/group-index`]: '0',
        [`${set}/group-key`]: '0b7be87ee5a9d8f4fbd1d4d1f5a5a3c9d7f0e5e1',
        [`${set}/template-revision-hash`]: '6c9d5f7b58',
        [`${set}/worker-index`]: '0',
        'statefulset.kubernetes.io/pod-name': 'llama-gang-0',
      },
      annotations,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          name: 'llama-gang',
          uid: '8f14e45f-ceea-467f-a0e6-1c5d3f8b9a20',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-11-28T12:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: managedFieldsOf(annotations),
        },
      ],
    },
    spec: {
      ...Object(spec),
      containers: [
        {
          ...container,
          env: [
            env('LWS_LEADER_ADDRESS', 'llama-gang-0.llama-gang.team-0'),
            env('LWS_GROUP_SIZE', '3'),
            env('LWS_WORKER_INDEX', '0'),
            env('VLLM_LOGGING_LEVEL', 'INFO'),
            env('NCCL_DEBUG', 'WARN'),
            env('NCCL_SOCKET_IFNAME', 'eth0'),
            fromField('POD_IP', 'status.podIP'),
            fromField('NODE_NAME', 'spec.nodeName'),
          ],
          livenessProbe: probe('/health', 30),
          startupProbe: probe('/health', 120),
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'IfNotPresent',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [
            ...container.volumeMounts,
            {
              name: 'kube-api-access-5wq8x',
              readOnly: true,
              mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
            },
          ],
        },
      ],
      volumes: [...Object(spec).volumes, tokenVolume()],
      affinity: exclusive(set),
      tolerations: [
        { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
        {
          key: 'node.kubernetes.io/not-ready',
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 300,
        },
        {
          key: 'node.kubernetes.io/unreachable',
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 300,
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      serviceAccount: 'default',
      hostname: 'llama-gang-0',
      subdomain: 'llama-gang',
      schedulerName: 'default-scheduler',
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  }
}

function probe(path: string, failureThreshold: number) {
  const httpGet = { path, port: 8000, scheme: 'HTTP' }
  return { httpGet, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold }
}

function tokenVolume() {
  return {
    name: 'kube-api-access-5wq8x',
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  }
}

function exclusive(set: string) {
  const term = (operator: string, values?: string[]) => ({
    topologyKey: 'cloud.google.com/gke-nodepool',
    labelSelector: { matchExpressions: [{ key: `${set}/group-key`, operator, ...(values && { values }) }] },
  })
  return {
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        term('In', ['0b7be87ee5a9d8f4fbd1d4d1f5a5a3c9d7f0e5e1']),
      ],
    },
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('Exists')] },
  }
}

function managedFieldsOf(annotations: object) {
  const owned = (names: readonly string[]) => Object.fromEntries(names.map(name => [`f:${name}`, {}]))
  return {
    'f:metadata': {
      'f:annotations': { '.': {}, ...owned(Object.keys(annotations)) },
      'f:generateName': {},
      'f:labels': { '.': {}, ...owned(['role', 'app.kubernetes.io/name', 'controller-revision-hash']) },
      'f:ownerReferences': { '.': {}, 'k:{"uid":"8f14e45f-ceea-467f-a0e6-1c5d3f8b9a20"}': {} },
    },
    'f:spec': {
      'f:containers': {
        'k:{"name":"vllm-leader"}': {
          '.': {},
          ...owned(['args', 'command', 'env', 'image', 'imagePullPolicy', 'livenessProbe', 'name', 'ports']),
          ...owned(['readinessProbe', 'resources', 'securityContext', 'startupProbe', 'volumeMounts']),
        },
      },
      ...owned(['affinity', 'dnsPolicy', 'enableServiceLinks', 'hostname', 'restartPolicy', 'schedulerName']),
      ...owned(['securityContext', 'subdomain', 'terminationGracePeriodSeconds', 'tolerations', 'volumes']),
    },
  }
}
