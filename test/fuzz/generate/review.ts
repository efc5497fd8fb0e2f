import { JOB_CONTROLLERS, OUR_CONTROLLER } from '../oracle/claim-writable.ts'
import { type Cluster, nameOf, placeOf } from '../oracle/cluster.ts'
import { textAt } from '../oracle/json.ts'
import { judge, WEBHOOKS } from '../oracle/oracle.ts'
import { spoil } from './hostile.ts'
import { changed, generateModelCache } from './modelcache.ts'
import { generatePod } from './pod.ts'
import type { Random } from './random.ts'
import { smallChange } from './small-change.ts'
import { NAMESPACE } from './words.ts'
import { generateWorkload } from './workload.ts'

type Request = Record<string, unknown>

/** The text of a review, and the webhook that it goes to. */
export function generateReview(cluster: Cluster, random: Random): { webhook: string; text: string } {
  const webhook = random.pick([...WEBHOOKS, 'mutate-pods', 'validate-pods', 'validate-modelcaches'])
  const request = {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    namespace: random.chance(0.97) ? NAMESPACE : random.pick(['other', undefined]),
    operation: 'CREATE',
    subResource: random.perhaps(0.03, () => random.pick(['', 'status', 'ephemeralcontainers'])),
    userInfo: random.perhaps(0.97, () => ({
      username: random.pick(['jane', OUR_CONTROLLER, ...JOB_CONTROLLERS]),
    })),
    dryRun: random.pick([undefined, false, true, null]),
    oldObject: null,
    ...REQUESTS[webhook]?.(cluster, random),
  }
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }
  const plain: unknown = JSON.parse(JSON.stringify(review))
  const text = JSON.stringify(random.chance(0.1) ? spoilSomewhere(plain, random) : plain)
  return { webhook, text: random.chance(0.01) ? withDuplicates(text, random) : text }
}

const REQUESTS: Record<string, (cluster: Cluster, random: Random) => Request> = {
  'mutate-pods': (cluster, random) => podRequest(cluster, random, 0.2),
  'validate-pods': (cluster, random) => {
    const request = podRequest(cluster, random, 0.7)
    return random.chance(0.15)
      ? { ...request, operation: 'UPDATE', subResource: 'ephemeralcontainers' }
      : request
  },
  'validate-jobs': (cluster, random) => {
    const cache = cluster.caches.length > 0 && random.chance(0.6) ? random.pick(cluster.caches) : undefined
    const spec =
      cache !== undefined && random.chance(0.7) ? staging(cache, random) : generatePod(cluster, random).spec
    const owner = { kind: 'ModelCache', name: nameOf(cache), uid: 'uid', controller: random.chance(0.9) }
    return {
      resource: resource('batch', 'jobs'),
      object: {
        metadata: { name: 'job', ...(cache !== undefined && { ownerReferences: [owner] }) },
        spec: { template: { spec } },
      },
      ...(random.chance(0.5) && { userInfo: { username: OUR_CONTROLLER } }),
    }
  },
  'validate-workloads': (cluster, random) => {
    const { resource: name, object, oldObject } = generateWorkload(cluster, random)
    const operation = oldObject === undefined ? 'CREATE' : 'UPDATE'
    return { resource: resource('apps', name), operation, object, oldObject: oldObject ?? null }
  },
  'validate-modelcaches': modelCacheRequest,
}

/** The pod of a Job that stages a cache, or almost. */
function staging(cache: unknown, random: Random) {
  const { claim, folder } = placeOf(cache)
  const subPath = textAt(cache, 'spec', 'storage', 'existingPVC', 'subPath')
  const mount = { name: 'volume', mountPath: '/volume', subPath: random.chance(0.8) ? subPath : `${folder}x` }
  const claimName = random.chance(0.85) ? claim : 'ops-2'
  return {
    containers: [{ name: 'hydrate', image: 'x', volumeMounts: [mount] }],
    volumes: [
      { name: 'volume', persistentVolumeClaim: { claimName, readOnly: random.perhaps(0.1, () => true) } },
    ],
  }
}

function resource(group: string, name: string) {
  return { group, version: 'v1', resource: name }
}

/** A new pod, sometimes as it is after injection, unchanged or with a small change. */
function podRequest(cluster: Cluster, random: Random, injected: number): Request {
  const pod: unknown = JSON.parse(JSON.stringify(generatePod(cluster, random)))
  const request = {
    resource: resource('', 'pods'),
    operation: random.chance(0.99) ? 'CREATE' : 'UPDATE',
    object: pod,
  }
  if (!random.chance(injected)) return request
  const plain = { uid: 'x', namespace: NAMESPACE, ...request }
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: plain }
  const { object } = judge('mutate-pods', review, cluster)
  return { ...request, object: random.chance(0.4) ? smallChange(object, random) : object }
}

function modelCacheRequest(_cluster: Cluster, random: Random): Request {
  const name = random.pick(['llama', 'chat', 'tok-2', 'llama.v2'])
  const cache = JSON.parse(JSON.stringify(generateModelCache(name, random)))
  const common = { resource: resource('modelplane.ai', 'modelcaches'), name: random.perhaps(0.9, () => name) }
  const operation = random.pick(['CREATE', 'UPDATE', 'UPDATE', 'DELETE'])
  if (operation === 'CREATE') return { ...common, operation, object: cache }
  if (operation === 'DELETE') return { ...common, operation, object: null, oldObject: cache }
  return { ...common, operation, object: changed(cache, random), oldObject: cache }
}

/** Usually in the object, sometimes in the review around it. */
function spoilSomewhere(review: unknown, random: Random): unknown {
  if (random.chance(0.1)) return ofSameResource(spoil(review, random), review)
  const member = random.chance(0.85) ? 'object' : 'oldObject'
  return JSON.parse(JSON.stringify(review), (name, value) => (name === member ? spoil(value, random) : value))
}

/**
 * A damaged review for the resource of the valid one, unless it is no longer text. The oracle knows the kinds
 * of Kubernetes and of LeaderWorkerSet; test/cases/ covers what the product finds by shape in other kinds.
 */
function ofSameResource(spoilt: unknown, sound: unknown): unknown {
  const resource = textAt(sound, 'request', 'resource', 'resource')
  return JSON.parse(JSON.stringify(spoilt), (name, value) =>
    name === 'resource' && typeof value === 'string' ? resource : value,
  )
}

/** JSON allows duplicate names, and parsers differ in which one counts. */
function withDuplicates(text: string, random: Random): string {
  const name = random.pick([
    '"object"',
    '"annotations"',
    '"operation"',
    '"containers"',
    '"readOnly"',
    '"spec"',
  ])
  const value = random.pick(['null', '{}', '"CREATE"', 'false', '[]'])
  const twice = random.chance(0.5) ? `${name}:${value},${name}:` : `${name}:`
  return text.replace(`${name}:`, twice)
}
