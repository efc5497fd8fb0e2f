import { adviseOffline } from './advice.ts'
import { OFFLINE } from './decide.ts'
import { EMPTY_CLUSTER } from './input-view.ts'
import { readManifests } from './read-manifests.ts'
import { type ReviewOptions, review } from './review.ts'
import type { Reviewed } from './verdict.ts'

/** The review of a text as file `in.yaml`, without a cluster unless one is given. */
export function reviewText(text: string, options: Partial<ReviewOptions> = {}): Promise<Reviewed[]> {
  const { manifests, problems } = readManifests('in.yaml', text, 'default')
  if (problems.length > 0) throw new Error(`cannot be read: ${JSON.stringify(problems)}`)
  return review(manifests, {
    base: EMPTY_CLUSTER,
    readUnknown: OFFLINE,
    advise: adviseOffline,
    assumeReady: false,
    unknownProvisioner: 'Deny',
    ...options,
  })
}

export const CLASS = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: shared }
provisioner: filestore.csi.storage.gke.io
`

export const CACHE = `
apiVersion: modelplane.ai/v1alpha1
kind: ModelCache
metadata: { name: llama }
spec:
  artifact: { source: { huggingFace: { repo: meta-llama/Llama-3.3-70B-Instruct, revision: 6f6073b423013f6a7d4d9f39144961bfbfbc386b } } }
  mount: { path: /mnt/model }
  storage: { pvc: { storageClassName: shared, sizeGiB: 200 } }
`

export const DIGEST = `sha256:${'5e'.repeat(32)}`

export const READY_CACHE = `${CACHE}
status:
  phase: Ready
  claimName: modelcache--llama
  resolvedDigest: ${DIGEST}
  conditions:
    - { type: Ready, status: "True", reason: Staged, message: done, lastTransitionTime: "2031-05-04T03:02:01Z" }
`

/** The spec of a pod, or of a template, with one engine. */
export const POD_SPEC =
  '{ containers: [{ name: vllm, image: "vllm/vllm-openai:v0.11.0", args: [/mnt/model] }] }'

const ANNOTATED = '{ annotations: { modelplane.ai/caches: llama } }'

export const POD = `
apiVersion: v1
kind: Pod
metadata: { name: server, annotations: { modelplane.ai/caches: llama } }
spec: ${POD_SPEC}
`

/** A pod template that asks for cache `llama`. */
export const TEMPLATE = `{ metadata: ${ANNOTATED}, spec: ${POD_SPEC} }`

export const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: serve }
spec: { template: ${TEMPLATE} }
`

/** Documents of one stream. */
export const stream = (...documents: string[]) => documents.join('---')

/** `kind verdict reasons` of each result. */
export const said = (results: readonly Reviewed[]) =>
  results.map(({ manifest, verdict, findings }) =>
    [manifest.kind, verdict, ...findings.map(({ reason }) => reason)].join(' '),
  )

/** The result for the last object of a text. */
export async function lastOf(text: string, options?: Partial<ReviewOptions>): Promise<Reviewed> {
  const last = (await reviewText(text, options)).at(-1)
  if (last === undefined) throw new Error('no result')
  return last
}

/** The spec of a pod that mounts the claim of cache `llama` writable. */
export const WRITABLE = `{ containers: [{ name: a, volumeMounts: [{ name: w, mountPath: /w }] }], volumes: [{ name: w, persistentVolumeClaim: { claimName: modelcache--llama } }] }`
