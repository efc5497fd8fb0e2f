import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import type { ClusterView } from '../../src/admission/clusterview.ts'
import { aReview, aView } from '../../src/admission/fixtures.ts'
import { CACHES } from '../../src/api/annotations.ts'
import { aReadyCache } from '../../src/api/fixtures.ts'
import { MANAGED_CLAIM_PREFIX } from '../../src/api/managedclaim.ts'
import type { ModelCache } from '../../src/api/modelcache.ts'

const NAMESPACES = 100

const gang = z.looseObject({
  spec: z.looseObject({
    leaderWorkerTemplate: z.looseObject({ leaderTemplate: z.looseObject({ spec: z.looseObject({}) }) }),
  }),
})

/** A review of the leader pod of the example gang, as the API server would send it. */
export function leaderPodReview(cache: string) {
  const file = new URL('../../examples/leaderworkerset-vllm.yaml', import.meta.url)
  const { spec } = gang.parse(parse(readFileSync(file, 'utf8'))).spec.leaderWorkerTemplate.leaderTemplate
  return aReview({
    namespace: 'team-0',
    userInfo: { username: 'system:serviceaccount:kube-system:statefulset-controller' },
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'llama-gang-0', namespace: 'team-0', annotations: { [CACHES]: cache } },
      spec,
    },
  })
}

/** A view of so many Ready caches, spread over a hundred namespaces, that finds each by one look-up as the real one does. */
export function viewOf(caches: number): ClusterView {
  const held = new Map<string, ModelCache>()
  for (let index = 0; index < caches; index++) {
    const name = `cache-${Math.floor(index / NAMESPACES)}`
    held.set(`team-${index % NAMESPACES}/${name}`, aReadyCache({ name }))
  }
  return {
    ...aView(),
    modelCache: (namespace, name) => held.get(`${namespace}/${name}`),
    modelCacheOfClaim: (namespace, claimName) =>
      held.get(`${namespace}/${claimName.slice(MANAGED_CLAIM_PREFIX.length)}`),
  }
}
