import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import type { AdmissionRequest } from '../../src/admission/admissionreview.ts'
import type { ClusterView } from '../../src/admission/clusterview.ts'
import { MANAGED_CLAIM_PREFIX } from '../../src/api/managedclaim.ts'
import { type ModelCache, modelCache } from '../../src/api/modelcache.ts'

const NAMESPACES = 100

const gang = z.looseObject({
  spec: z.looseObject({
    leaderWorkerTemplate: z.looseObject({ leaderTemplate: z.looseObject({ spec: z.looseObject({}) }) }),
  }),
})

/** A review of the leader pod of the example gang, as the API server would send it. */
export function leaderPodReview(cache: string): {
  apiVersion: string
  kind: string
  request: AdmissionRequest
} {
  const file = new URL('../../examples/leaderworkerset-vllm.yaml', import.meta.url)
  const { spec } = gang.parse(parse(readFileSync(file, 'utf8'))).spec.leaderWorkerTemplate.leaderTemplate
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      resource: { group: '', version: 'v1', resource: 'pods' },
      operation: 'CREATE',
      namespace: 'team-0',
      userInfo: { username: 'system:serviceaccount:kube-system:statefulset-controller' },
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: 'llama-gang-0',
          namespace: 'team-0',
          annotations: { 'modelplane.ai/caches': cache },
        },
        spec,
      },
    },
  }
}

/** A view of so many Ready caches, spread over a hundred namespaces. */
export function viewOf(caches: number): ClusterView {
  const held = new Map<string, ModelCache>()
  for (let index = 0; index < caches; index++) {
    const namespace = `team-${index % NAMESPACES}`
    const name = `cache-${Math.floor(index / NAMESPACES)}`
    held.set(`${namespace}/${name}`, readyCache(namespace, name))
  }
  return {
    modelCache: (namespace, name) => held.get(`${namespace}/${name}`),
    modelCacheOfClaim: (namespace, claimName) =>
      held.get(`${namespace}/${claimName.slice(MANAGED_CLAIM_PREFIX.length)}`),
    storageClass: () => undefined,
    storageClasses: () => [],
    claim: () => undefined,
    namespace: () => undefined,
  }
}

function readyCache(namespace: string, name: string): ModelCache {
  return modelCache.parse({
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'ModelCache',
    metadata: { name, namespace },
    spec: {
      artifact: { source: { huggingFace: { repo: 'meta-llama/Llama-3.3-70B-Instruct' } } },
      mount: { path: '/mnt/model' },
    },
    status: {
      phase: 'Ready',
      claimName: `modelcache-${name}`,
      resolvedDigest: `sha256:${'5a'.repeat(32)}`,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'SnapshotComplete',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  })
}
