import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Kind } from '../../src/api/kinds.ts'
import { CA_SECRET } from '../../src/certs/authority-secret.ts'
import { webhookConfigurations } from '../../src/certs/webhook-configurations.ts'
import { KINDS } from '../../src/cluster/kinds.ts'
import { RETRYING_KINDS } from '../../src/controller/gates/retrying-kinds.ts'
import { CONTROLLER_KINDS } from '../../src/controller/kinds.ts'
import type { Resource, StoredObject } from '../../src/kube/resource.ts'
import { RULE_KINDS } from '../../src/view/view.ts'
import { type KubeObject, parseObjects } from '../testbed/objects.ts'
import { byName, inRepository, kustomize } from './support/rendered.ts'

// Compares the rights of all roles with what the code does. The watches come from the code itself. Other
// calls are listed here, with the file that makes them. An unused right fails, and so does a use without a
// right.

type Addressed = Pick<Resource<StoredObject>, 'apiVersion' | 'plural'>
type Use = [scope: 'cluster' | 'namespace', verbs: string, what: Addressed, name?: string | undefined]

/** `namespace get leases.coordination.k8s.io modelcache-controller`: one right, or one use. */
function rights([scope, verbs, { apiVersion, plural }, name]: Use): string[] {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : ''
  return verbs
    .split(' ')
    .map(verb => `${scope} ${verb} ${plural}${group}${name === undefined ? '' : ` ${name}`}`)
}

/** What a role lists and watches of the cluster. */
const watches = (kinds: readonly Kind[]) => {
  // Two of them may be selections of one kind.
  const plurals = new Map(kinds.map(kind => [KINDS[kind].plural, KINDS[kind]]))
  return [...plurals.values()].map((kind): Use => ['cluster', 'list watch', kind])
}

const secrets = { apiVersion: 'v1', plural: 'secrets' }
const leases = { apiVersion: 'coordination.k8s.io/v1', plural: 'leases' }
const deploymentStatus = { ...KINDS.ModelDeployment, plural: 'modeldeployments/status' }
const status = { ...KINDS.ModelCache, plural: 'modelcaches/status' }

/** src/certs/authority-watch.ts */
const AUTHORITY: Use = ['namespace', 'list watch', secrets, CA_SECRET]

const USES: Record<string, Use[]> = {
  'modelcache-webhook': [
    ...watches(RULE_KINDS),
    AUTHORITY,
    // src/view/live-read.ts
    ...[
      KINDS.ModelCache,
      KINDS.PersistentVolume,
      KINDS.PersistentVolumeClaim,
      KINDS.Pod,
      KINDS.StorageClass,
      KINDS.StorageProfile,
      KINDS.Namespace,
    ].map((kind): Use => ['cluster', 'get', kind]),
  ],
  'modelcache-controller': [
    ...watches(CONTROLLER_KINDS),
    AUTHORITY,
    // src/controller/modelcache/act.ts
    ['cluster', 'patch', status],
    ['cluster', 'patch', KINDS.ModelCache],
    ['cluster', 'create patch delete', KINDS.PersistentVolumeClaim],
    ['cluster', 'create patch delete', KINDS.HydrationJob],
    // src/controller/modelcache/reconciler.ts, for inline files
    ['cluster', 'get', KINDS.ModelCache],
    // src/controller/modelcache/live-details.ts
    ['cluster', 'get', { apiVersion: 'v1', plural: 'pods/log' }],
    ['cluster', 'list', { apiVersion: 'v1', plural: 'events' }],
    // src/controller/deployment/
    ['cluster', 'get', KINDS.ModelDeployment],
    ['cluster', 'patch', deploymentStatus],
    ...([KINDS.ServingDeployment, KINDS.ServingGangs] as const).map(
      (kind): Use => ['cluster', 'get create patch delete', kind],
    ),
    ...([KINDS.ServingService, KINDS.ServingBudget] as const).map(
      (kind): Use => ['cluster', 'get create patch', kind],
    ),
    // src/controller/gates/
    ...RETRYING_KINDS.map((kind): Use => ['cluster', 'list patch', kind]),
    // src/controller/references/top-owner.ts
    ...['replicasets', 'statefulsets', 'daemonsets'].map(
      (plural): Use => ['cluster', 'get', { apiVersion: 'apps/v1', plural }],
    ),
    ['cluster', 'get', KINDS.HydrationJob],
    ['cluster', 'get', KINDS.Pod],
    // src/commands/hydrator-settings.ts
    ['namespace', 'get', KINDS.Pod],
    // src/controller/gates/gatekeeper.ts
    ['cluster', 'patch', KINDS.Pod],
    // src/kube/events.ts
    ['cluster', 'create get patch', { apiVersion: 'events.k8s.io/v1', plural: 'events' }],
    // manifests/policies.yaml asks for them
    ['cluster', 'manage-storage release-pods', KINDS.ModelCache],
    // src/kube/leader/lease-lock.ts
    ['namespace', 'create', leases],
    ['namespace', 'get update', leases, 'modelcache-controller'],
    // src/certs/ca-rotation.ts
    ['namespace', 'update', secrets, CA_SECRET],
    // src/certs/webhook-configurations.ts watches, ca-rotation.ts reads, ca-bundle.ts applies
    ...webhookConfigurations.map((kind): Use => ['cluster', 'get list watch patch', kind, kind.name]),
  ],
  'modelcache-hub': [
    ...watches(['InferenceCluster', 'ModelCache', 'ModelDeployment']),
    // src/hub/registry.ts
    ['cluster', 'get patch', KINDS.InferenceCluster],
    ['cluster', 'patch', { ...KINDS.InferenceCluster, plural: 'inferenceclusters/status' }],
    // src/hub/caches/replication.ts, and src/hub/copies/whole.ts reads the whole ModelCache
    ['cluster', 'get patch', KINDS.ModelCache],
    ['cluster', 'patch', { ...KINDS.ModelCache, plural: 'modelcaches/status' }],
    // src/hub/deployments/spreading.ts
    ['cluster', 'get patch', KINDS.ModelDeployment],
    ['cluster', 'patch', { ...KINDS.ModelDeployment, plural: 'modeldeployments/status' }],
    ['cluster', 'create get patch', { apiVersion: 'events.k8s.io/v1', plural: 'events' }],
    // src/hub/connect.ts
    ['namespace', 'get', secrets],
    ['cluster', 'get', { apiVersion: 'multicluster.x-k8s.io/v1alpha1', plural: 'clusterprofiles' }],
    // src/hub/look.ts, at the cluster of the hub itself
    ['cluster', 'get', KINDS.Namespace, 'kube-system'],
    [
      ...(['cluster', 'get'] as const),
      { apiVersion: 'apiextensions.k8s.io/v1', plural: 'customresourcedefinitions' },
      'modelcaches.modelplane.ai',
    ],
    ...[KINDS.StorageClass, KINDS.StorageProfile].map((kind): Use => ['cluster', 'list', kind]),
    // src/kube/leader/lease-lock.ts
    ['namespace', 'create', leases],
    ['namespace', 'get update', leases, 'modelcache-hub'],
  ],
}

const role = z.object({
  rules: z.array(
    z.strictObject({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      resourceNames: z.array(z.string()).optional(),
      verbs: z.array(z.string()),
    }),
  ),
})
const binding = z.object({
  roleRef: z.object({ kind: z.string(), name: z.string() }),
  subjects: z.array(z.strictObject({ kind: z.string(), name: z.string(), namespace: z.string() })),
})

let shipped: KubeObject[]
beforeAll(async () => {
  const hub = readFileSync(inRepository('manifests/components/hub/hub.yaml'), 'utf8')
  shipped = [...(await kustomize('manifests')), ...parseObjects(hub)]
})

/** Everything that the bindings of an account grant. */
function granted(account: string): string[] {
  const named = byName(shipped)
  return shipped
    .filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
    .flatMap(object => {
      const { roleRef, subjects } = binding.parse(object)
      if (!subjects.some(({ name }) => name === account)) return []
      const namespace = roleRef.kind === 'Role' ? ['modelcache-system'] : []
      const { rules } = role.parse(named[[roleRef.kind, ...namespace, roleRef.name].join('/')])
      const scope = object.kind === 'RoleBinding' ? 'namespace' : 'cluster'
      return rules.flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
        apiGroups.flatMap(group =>
          resources.flatMap(plural =>
            resourceNames.flatMap(name =>
              rights([
                scope,
                verbs.join(' '),
                { apiVersion: group === '' ? 'v1' : `${group}/v1`, plural },
                name,
              ]),
            ),
          ),
        ),
      )
    })
}

test.each(Object.entries(USES))('%s may do what it does, and nothing else', (account, uses) => {
  expect(granted(account).toSorted()).toEqual(uses.flatMap(rights).toSorted())
})

test('nobody else is bound to anything, no right is a wildcard, and every role has a binding, or is for people or hubs', () => {
  const bindings = shipped.filter(({ kind }) => kind.endsWith('Binding') && kind.includes('Role'))
  const subjects = bindings.flatMap(object => binding.parse(object).subjects)
  expect(
    [...new Set(subjects.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`))].toSorted(),
  ).toEqual(
    Object.keys(USES)
      .map(account => `ServiceAccount modelcache-system/${account}`)
      .toSorted(),
  )
  const bound = bindings
    .map(object => binding.parse(object).roleRef)
    .map(({ kind, name }) => `${kind} ${name}`)
  const roles = shipped.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
  expect(JSON.stringify(roles)).not.toContain('"*"')
  const unbound = roles.filter(({ kind, metadata }) => !bound.includes(`${kind} ${metadata.name}`))
  expect(unbound.map(({ metadata }) => metadata.name).toSorted()).toEqual([
    'modelcache-member',
    'modelcache-member-namespaces',
    'modelcache-member-secrets',
    'modelcache-users-edit',
    'modelcache-users-view',
  ])
})

test('people get ModelCaches and ModelDeployments with the usual roles, and never to write their status', () => {
  const rulesOf = (name: string) => role.parse(byName(shipped)[`ClusterRole/${name}`]).rules
  const rule = { apiGroups: ['modelplane.ai'], resources: ['modelcaches', 'modeldeployments'] }
  expect(rulesOf('modelcache-users-view')).toEqual([
    { ...rule, verbs: ['get', 'list', 'watch'] },
    {
      ...rule,
      resources: ['modelcaches/status', 'modeldeployments/status', 'modeldeployments/scale'],
      verbs: ['get'],
    },
  ])
  expect(rulesOf('modelcache-users-edit')).toEqual([
    { ...rule, verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { ...rule, resources: ['modeldeployments/scale'], verbs: ['update', 'patch'] },
  ])
})
