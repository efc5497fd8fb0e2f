import type { Cluster } from '../oracle/cluster.ts'
import { consumerPod } from './consumer.ts'
import type { Random } from './random.ts'
import { claims, inferenceCluster, storageClass, storageProfile } from './storage.ts'
import * as words from './words.ts'
import { CACHE_NAMES, CLASS_NAMES, DIGESTS, JOB_UIDS, LEADERS, NAMESPACE } from './words.ts'

/** A small cluster, with objects as the API server has stored them. */
export function generateCluster(random: Random): Cluster {
  const caches = random.some(CACHE_NAMES, 0.6).map(name => storedCache(name, random))
  const pods = random.some([...LEADERS, 'user-0', 'user-1'], 0.5)
  const cluster: Cluster = {
    caches,
    classes: random.some(CLASS_NAMES, 0.6).map(name => storageClass(name, random)),
    profiles: random.some(CLASS_NAMES, 0.2).map(name => storageProfile(name, random)),
    claims: claims(random),
    pods: pods.map(name => consumerPod(name, caches, random)),
    namespaces: random.some([NAMESPACE], 0.8).map(name => namespace(name, random)),
    inferenceClusters: random.some(['here', 'there'], 0.3).map(name => inferenceCluster(name, random)),
    unknownProvisioner: random.pick(['Deny', 'Deny', 'Warn']),
    ...(random.chance(0.15) ? { clusterName: random.pick(['here', 'there', 'gone']) } : {}),
  }
  // As they come over the wire, without undefined members.
  return JSON.parse(JSON.stringify(cluster))
}

/** A ModelCache that was once admitted, in any state that the controller may have left it in. */
export function storedCache(name: string, random: Random): unknown {
  const isExisting = random.chance(0.35)
  const existingPVC = () => ({
    name: random.pick(['ops-staged', 'ops-2']),
    subPath: random.perhaps(0.6, () => random.pick(['llama', 'llama/', 'a/./b', 'v2'])),
  })
  const storage = isExisting
    ? { backend: 'ExistingPVC', existingPVC: existingPVC() }
    : random.pick([undefined, { backend: 'PVC', pvc: { storageClassName: 'shared', sizeGiB: 100 } }])
  return {
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'ModelCache',
    metadata: {
      name,
      namespace: random.chance(0.93) ? NAMESPACE : 'other',
      deletionTimestamp: random.perhaps(0.07, () => '2031-05-04T03:02:01Z'),
    },
    spec: {
      artifact: isExisting && random.chance(0.5) ? {} : { source: { huggingFace: { repo: 'org/model' } } },
      mount: {
        path: random.pick(words.CACHE_PATHS),
        scratch: random.perhaps(0.15, () => [
          random.pick(['.cache', 'a/b']),
          ...(random.chance(0.3) ? ['locks'] : []),
        ]),
      },
      storage,
    },
    status: random.perhaps(0.9, () => statusOf(name, random)),
  }
}

function statusOf(name: string, random: Random): unknown {
  const isReady = random.chance(0.6)
  const ready = {
    type: 'Ready',
    status: isReady ? 'True' : random.pick(['False', 'Unknown']),
    reason: 'Test',
    message: 'generated',
    lastTransitionTime: '2031-05-04T03:02:01Z',
  }
  const known = isReady ? 0.93 : 0.4
  return {
    phase: isReady ? 'Ready' : random.pick(['Pending', 'Hydrating', 'Failed', 'Ready']),
    conditions: random.perhaps(0.95, () => [ready]),
    claimName: random.perhaps(known, () => (random.chance(0.9) ? `modelcache--${name}` : 'mine')),
    claimUID: random.perhaps(0.15, () => random.pick(['one', 'one', 'another'])),
    resolvedDigest: random.perhaps(known, () => random.pick(DIGESTS)),
    snapshots: random.perhaps(0.6, () =>
      DIGESTS.filter(() => random.chance(0.7)).map(digest => ({ digest })),
    ),
    hydration: random.perhaps(0.7, () => ({ jobUID: random.pick(JOB_UIDS) })),
  }
}

function namespace(name: string, random: Random): unknown {
  return {
    metadata: { name, deletionTimestamp: random.perhaps(0.08, () => '2031-05-04T03:02:01Z') },
    status: random.perhaps(0.8, () => ({ phase: random.chance(0.9) ? 'Active' : 'Terminating' })),
  }
}
