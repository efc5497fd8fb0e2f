import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { aReview } from '../../src/admission/fixtures.ts'
import { CACHES } from '../../src/api/names.ts'
import { NAMESPACE, READY } from './cluster.ts'

/** Reviews of the objects in examples/, as the API server sends them. */

const object = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) })

const gang = object.extend({
  spec: z.looseObject({
    leaderWorkerTemplate: z.looseObject({ leaderTemplate: z.looseObject({ spec: z.looseObject({}) }) }),
  }),
})

/** The object of a kind in a file of examples/. */
function example(path: string, kind: string) {
  const text = readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8')
  const found = parseAllDocuments(text)
    .map(document => object.parse(document.toJS()))
    .find(candidate => candidate.kind === kind)
  if (found === undefined) throw new Error(`examples/${path} has no ${kind}`)
  return { ...found, metadata: { ...found.metadata, namespace: NAMESPACE } }
}

const leaderWorkerSet = () => example('multi-node-gang/2-gang.yaml', 'LeaderWorkerSet')

/** The leader pod of the gang, which asks for a cache. */
export function leaderPod(cache: string) {
  const { spec } = gang.parse(leaderWorkerSet()).spec.leaderWorkerTemplate.leaderTemplate
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'llama-gang-0', namespace: NAMESPACE, annotations: { [CACHES]: cache } },
    spec,
  }
}

/** The creation of a pod. */
export function podReview(pod: unknown) {
  const username = 'system:serviceaccount:kube-system:statefulset-controller'
  return aReview({ namespace: NAMESPACE, userInfo: { username }, object: pod })
}

/** The creation of the gang, which asks for a cache. */
export function gangReview(cache = READY) {
  const resource = { group: 'leaderworkerset.x-k8s.io', version: 'v1', resource: 'leaderworkersets' }
  const object: unknown = JSON.parse(JSON.stringify(leaderWorkerSet()).replaceAll(READY, cache))
  return aReview({ namespace: NAMESPACE, resource, object })
}

const caches = { group: 'modelplane.ai', version: 'v1alpha1', resource: 'modelcaches' }
const cache = () => example('weights/1-cache.yaml', 'ModelCache')

/** The creation of one more cache. */
export function cacheReview() {
  const { metadata, ...rest } = cache()
  const created = { ...rest, metadata: { ...metadata, name: 'one-more' } }
  return aReview({ namespace: NAMESPACE, resource: caches, object: created })
}

/** The deletion of the cache. */
export function deletionReview() {
  const oldObject = cache()
  const { name } = oldObject.metadata
  return aReview({ namespace: NAMESPACE, resource: caches, operation: 'DELETE', name, oldObject })
}
