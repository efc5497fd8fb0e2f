import { beforeAll, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { classes, modelCache, pod, soundSpec } from './support/objects.ts'
import { inline, sized, stagingIn } from './support/staging.ts'

// What the API server rejects of a hydration pod comes up in status under a name of its own, in its words.

let cluster: Cluster
const { inPhase, provision } = stagingIn(() => cluster)

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  await provision('modelcache--rejected')
})

const POLICY = 'e2e-no-hydrators'
const restricted = async () => {
  const label = 'pod-security.kubernetes.io/enforce=restricted'
  await cluster.kubectl(['label', 'namespace', cluster.namespace, label])
}
const limited = () =>
  cluster.need({
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'small' },
    spec: { limits: [{ type: 'Container', max: { memory: '16Mi' } }] },
  })
const policed = async () => {
  await cluster.need(
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: `${POLICY}-${cluster.namespace}` },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': cluster.namespace } },
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
          ],
        },
        validations: [
          { expression: "'team' in object.metadata.?labels.orValue({})", message: 'who pays for it?' },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: `${POLICY}-${cluster.namespace}` },
      spec: { policyName: `${POLICY}-${cluster.namespace}`, validationActions: ['Deny'] },
    },
  )
  // The API server takes a moment to know a policy.
  await eventually('the policy', async () => {
    const { stderr } = await cluster.apply(pod({ name: 'nobody' }), '--dry-run=server')
    return stderr.includes('who pays for it?') || undefined
  })
}

test.each<[string, string, () => Promise<void>, object, RegExp]>([
  [
    'PodSecurity',
    'the security standard of the namespace',
    restricted,
    { securityContext: { runAsUser: 0 } },
    /violates PodSecurity .*runAsUser=0/,
  ],
  ['LimitRangeExceeded', 'a LimitRange', limited, {}, /maximum memory usage per Container is 16Mi/],
  ['PolicyViolated', 'a policy of the cluster', policed, {}, /who pays for it\?/],
])('%s: %s', async (reason, _, arrange, hydration, words) => {
  cluster = await newNamespace()
  await arrange()
  await provision('modelcache--rejected')
  try {
    await cluster.need(modelCache('rejected', soundSpec({ ...inline, ...sized, hydration })))
    expect((await inPhase('rejected', 'Hydrating', reason)).message).toMatch(words)
  } finally {
    const name = `${POLICY}-${cluster.namespace}`
    await cluster.kubectl([
      'delete',
      `validatingadmissionpolicybinding/${name}`,
      `validatingadmissionpolicy/${name}`,
      '--ignore-not-found',
    ])
  }
})
