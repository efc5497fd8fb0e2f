// Policies of a cluster, as its administrators write them. Each is named after the only namespace where it
// applies, so that no other test meets it.

const V1 = 'admissionregistration.k8s.io/v1'

interface Mutation {
  resources: { apiGroups: string[]; resources: string[] }
  /** CEL: a list of JSONPatch. */
  patches: string
}

function mutation(namespace: string, { resources, patches }: Mutation): object[] {
  const metadata = { name: namespace }
  return [
    {
      apiVersion: V1,
      kind: 'MutatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          resourceRules: [{ ...resources, apiVersions: ['v1'], operations: ['CREATE'] }],
        },
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: patches } }],
      },
    },
    {
      apiVersion: V1,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: namespace },
    },
  ]
}

/** An injector that looks at the namespace alone, such as a mesh: a plain container that never ends. */
export function addsSidecar(namespace: string): object[] {
  const capabilities = 'Object.spec.containers.securityContext.capabilities{drop: ["ALL"]}'
  const security = `Object.spec.containers.securityContext{allowPrivilegeEscalation: false, capabilities: ${capabilities}}`
  const container = `Object.spec.containers{name: "proxy", image: "modelcache.test/tools:1", command: ["sleep", "infinity"], securityContext: ${security}}`
  return mutation(namespace, {
    resources: { apiGroups: [''], resources: ['pods'] },
    patches: `[JSONPatch{op: "add", path: "/spec/containers/-", value: ${container}}]`,
  })
}

/** A policy that cleans up Jobs at once, whatever they say. */
export function endsJobsAtOnce(namespace: string): object[] {
  return mutation(namespace, {
    resources: { apiGroups: ['batch'], resources: ['jobs'] },
    patches: '[JSONPatch{op: "add", path: "/spec/ttlSecondsAfterFinished", value: 0}]',
  })
}

function validation(namespace: string, { resources, validations }: Validation): object[] {
  const metadata = { name: namespace }
  return [
    {
      apiVersion: V1,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          resourceRules: [{ ...resources, apiVersions: ['v1'], operations: ['CREATE'] }],
        },
        validations,
      },
    },
    {
      apiVersion: V1,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: namespace, validationActions: ['Deny'] },
    },
  ]
}

interface Validation {
  resources: { apiGroups: string[]; resources: string[] }
  validations: { expression: string; message: string }[]
}

/** What must carry a label of the house. */
export function requiresLabel(namespace: string, label: string): object[] {
  return validation(namespace, {
    resources: { apiGroups: ['', 'batch'], resources: ['pods', 'jobs', 'persistentvolumeclaims'] },
    validations: [
      {
        expression: `has(object.metadata.labels) && '${label}' in object.metadata.labels`,
        message: `label ${label} is required`,
      },
    ],
  })
}

/** As the SCC restricted-v2 of OpenShift: the user and the group of volumes are open, or in a range. */
export function likeOpenShift(namespace: string): object[] {
  const inRange = (field: string) =>
    `!has(object.spec.securityContext) || !has(object.spec.securityContext.${field}) || (object.spec.securityContext.${field} >= 1000700000 && object.spec.securityContext.${field} <= 1000709999)`
  return validation(namespace, {
    resources: { apiGroups: [''], resources: ['pods'] },
    validations: ['runAsUser', 'fsGroup'].map(field => ({
      expression: inRange(field),
      message: `unable to validate against any security context constraint: ${field} must be in the ranges: [1000700000, 1000709999]`,
    })),
  })
}
