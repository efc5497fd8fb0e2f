import { isStaged, nameOf, placeOf } from '../oracle/cluster.ts'
import { pendingMount, snapshotOf } from '../oracle/mounts.ts'
import type { Random } from './random.ts'
import { DIGESTS, NAMESPACE, NO_DIGESTS } from './words.ts'

/** A stored pod that got caches, or claims so: the leader of a gang, or any other. */
export function consumerPod(name: string, caches: unknown[], random: Random): unknown {
  const given = random.some(caches, 0.6).map((cache, index) => givenOf(cache, `v${index}`, random))
  const record = given.map(({ entry }) => entry).join(',')
  return {
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: random.perhaps(0.95, () => ({
        'modelplane.ai/cache-consumer': random.chance(0.97) ? 'true' : 'false',
      })),
      annotations: random.perhaps(0.95, () => ({ 'modelplane.ai/injected': record })),
    },
    spec: {
      containers: [{ name: 'engine', volumeMounts: given.map(({ mount }) => mount) }],
      volumes: given.map(({ volume }) => volume),
      schedulingGates: random.perhaps(0.15, () => [
        { name: random.chance(0.8) ? 'modelplane.ai/cache-ready' : 'example.com/other' },
      ]),
    },
    status: random.perhaps(0.8, () => ({
      phase: random.pick(['Running', 'Pending', 'Succeeded', 'Failed']),
    })),
  }
}

/** What a pod claims to have got of a cache, and what it mounts. Usually the same. */
function givenOf(cache: unknown, volumeName: string, random: Random) {
  const name = nameOf(cache)
  const isFilled = !isStaged(cache)
  const place = placeOf(cache)
  const claimName = isFilled || random.chance(0.9) ? place.claim : 'modelcache--gone'
  const digest = random.chance(0.9) ? random.pick(DIGESTS) : random.pick(NO_DIGESTS)
  const usual = isFilled ? `pvc/${claimName}` : digest
  const identity = random.chance(0.75) ? usual : random.pick(['pending', 'pvc/ops-staged', digest])
  const folder = random.chance(0.85) ? digest : random.pick(DIGESTS)
  const expression = pendingMount(cache).variable?.subPathExpr
  const isByVariable = expression !== undefined && random.chance(0.25)
  const where = isByVariable ? { subPathExpr: expression } : { subPath: place.folder + snapshotOf(folder) }
  return {
    entry: random.chance(0.95) ? `${name}=${identity}` : random.pick([name, `${name}==`, `=${identity}`, '']),
    mount: { name: random.chance(0.95) ? volumeName : 'v0', mountPath: '/mnt', readOnly: true, ...where },
    volume: { name: volumeName, persistentVolumeClaim: { claimName, readOnly: true } },
  }
}
