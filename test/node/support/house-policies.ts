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
