import { type Cluster, nameOf } from '../oracle/cluster.ts'
import { generateContainer } from './container.ts'
import { mountsOf } from './mounts.ts'
import type { Random } from './random.ts'
import { generateVolumes } from './volumes.ts'
import {
  ANNOTATION_KEYS,
  CACHE_NAMES,
  DIGESTS,
  JOB_UIDS,
  LEADERS,
  NAMESPACE,
  NO_DIGESTS,
  ODD_NAMES,
} from './words.ts'

/** A pod as a user writes it, usually one that asks for caches. */
export function generatePod(cluster: Cluster, random: Random): { metadata: unknown; spec: unknown } {
  const mounts = mountsOf(cluster)
  const volumes = generateVolumes(mounts, random)
  const containers = (prefix: string, most: number, least: number) =>
    Array.from({ length: least + random.below(most) }, (_, index) =>
      generateContainer(`${prefix}${index}`, volumes, mounts, random),
    )
  return {
    metadata: {
      name: random.perhaps(0.6, () => (random.chance(0.9) ? 'serve-0' : 'modelcache--llama-x7k2p')),
      generateName: random.perhaps(0.6, () => 'serve-'),
      namespace: random.perhaps(0.5, () => random.pick([NAMESPACE, ''])),
      labels: random.perhaps(0.5, () =>
        random.pick<unknown>([null, {}, { 'a~b/c': 'x' }, { constructor: 'x' }]),
      ),
      annotations: random.chance(0.04) ? null : annotationsFor(cluster, random),
      ownerReferences: random.perhaps(0.4, () => [owner(random), owner(random)]),
    },
    spec: {
      volumes: random.chance(0.05) ? null : random.perhaps(0.9, () => volumes),
      containers: containers('c', 3, 1),
      initContainers: random.perhaps(0.3, () => containers('i', 2, 0)),
      ephemeralContainers: random.perhaps(0.2, () => containers('e', 2, 0)),
      os: random.perhaps(0.1, () => ({ name: random.pick(['linux', 'linux', 'windows']) })),
      nodeSelector: random.perhaps(0.1, () => ({ 'kubernetes.io/os': random.pick(['linux', 'windows']) })),
      nodeName: random.perhaps(0.1, () => random.pick(['node-1', '', null])),
      schedulingGates: random.perhaps(0.15, () =>
        random.pick([null, [], [{ name: 'modelplane.ai/cache-ready' }], [{ name: 'example.com/other' }]]),
      ),
      shareProcessNamespace: random.perhaps(0.05, () => random.pick([true, false, null])),
      hostPID: random.perhaps(0.05, () => random.pick([true, false])),
      hostUsers: random.perhaps(0.1, () => false),
    },
  }
}

function owner(random: Random): unknown {
  return {
    kind: random.pick(['Job', 'Job', 'ReplicaSet']),
    uid: random.pick(JOB_UIDS),
    controller: random.perhaps(0.9, () => random.pick([true, true, false, null])),
  }
}

/** What a pod or a template may carry. Other annotations must be left alone. */
export function annotationsFor({ caches }: Cluster, random: Random): Record<string, string | undefined> {
  const names = random.some(random.chance(0.9) ? caches.map(nameOf) : CACHE_NAMES, 0.4)
  const asked = random.chance(0.95) ? (names.length > 0 ? names : ['llama']) : oddReferences(random)
  const digest = random.chance(0.9) ? random.pick(DIGESTS) : random.pick(NO_DIGESTS)
  const identities = [digest, 'pending', 'pvc/ops-staged']
  return {
    'modelplane.ai/caches': random.perhaps(0.93, () => asked.join(random.pick([',', ', ', ' ,\t']))),
    'modelplane.ai/cache-containers': random.perhaps(0.2, () =>
      random.pick(['c0', 'c0, i0', 'i0', 'c1', 'gone', '', 'c0,,c0', 'e0']),
    ),
    'modelplane.ai/hydrator-image': random.perhaps(0.05, () => random.pick(['', 'vllm/vllm-openai'])),
    'modelplane.ai/not-ready': random.perhaps(0.4, () =>
      random.chance(0.93) ? 'Gate' : random.pick(['gate', '', 'Refuse', ' Gate']),
    ),
    'modelplane.ai/injected': random.perhaps(0.25, () =>
      names.map(name => `${name}=${random.pick(identities)}`).join(','),
    ),
    'leaderworkerset.sigs.k8s.io/leader-name': random.perhaps(0.35, () =>
      random.pick([...LEADERS, 'gone', '']),
    ),
    [random.pick(ANNOTATION_KEYS)]: random.perhaps(0.3, () => random.pick(ODD_NAMES)),
  }
}

function oddReferences(random: Random): string[] {
  return random.pick([
    [],
    ['llama', 'llama'],
    ['llama', ''],
    [random.pick(ODD_NAMES)],
    ['llama', random.pick(ODD_NAMES)],
    Array.from({ length: 16 + random.below(2) }, (_, index) => `n${index}`),
  ])
}
