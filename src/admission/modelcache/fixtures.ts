import { aClaim, aModelCache, anInferenceCluster, aStorageClass, COMMIT } from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import type { Decision } from '../decision.ts'
import { aPolicy, aRequest, aView, findingsOf } from '../fixtures.ts'
import { validateModelCache } from './validate.ts'

export const CLUSTER = aView({
  classes: [aStorageClass()],
  claims: [aClaim()],
  inferenceClusters: [anInferenceCluster('prod')],
})
export const EMPTY = aView()
export const DENY = aPolicy()
export const WARN = aPolicy({ unknownProvisioner: 'Warn' })

export function create(object: unknown, view = CLUSTER, policy: typeof DENY | typeof WARN = DENY): Decision {
  return validateModelCache(aRequest({ object }), view, policy)
}

/** An update in an empty cluster, so the result rests on the two objects alone. */
export function update(oldObject: unknown, object: unknown, view = EMPTY): Decision {
  return validateModelCache(aRequest({ operation: 'UPDATE', oldObject, object }), view, DENY)
}

/** The only finding: its reason, its field and its text. */
export function violationOf(decision: Decision) {
  const [first, ...rest] = findingsOf(decision)
  if (first === undefined || rest.length > 0) throw new Error(`not one finding: ${JSON.stringify(decision)}`)
  return first.violation
}

export const spec = (given: Partial<ModelCache['spec']>) => aModelCache({ spec: given })
export const pvc = (storageClassName?: string): ModelCache =>
  spec({ storage: { backend: 'PVC', pvc: { storageClassName } } })
export const onClaim = (existingPVC: NonNullable<ModelCache['spec']['storage']['existingPVC']>) =>
  spec({ artifact: { kind: 'Weights' }, storage: { backend: 'ExistingPVC', existingPVC } })

export const HF = { repo: 'meta-llama/Llama-3.3-70B-Instruct', revision: COMMIT }
export const INLINE = { files: { 'chat.jinja': 'x' } }

/** One valid value of each source that has a schema of its own. */
export const SOUND_SOURCES: Record<string, unknown> = {
  huggingFace: HF,
  s3: { uri: 's3://bucket/prefix/' },
  http: { url: 'https://example.com/model.tar' },
  oci: { reference: 'registry.example/models/llama:70b' },
  inline: INLINE,
  configMap: { name: 'tokenizer' },
  gcs: { uri: 'gs://bucket/prefix/' },
  azure: { account: 'models', uri: 'az://container/prefix/' },
  pvcClone: { name: 'ops-staged', subPath: 'llama' },
}
