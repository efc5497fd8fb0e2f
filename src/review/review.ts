import type { ClusterView } from '../admission/cluster-view.ts'
import { decide } from '../admission/decision.ts'
import type { Finding } from '../admission/finding.ts'
import { ignoredKeys, isControlled } from '../admission/ignored-keys.ts'
import { validateModelCache } from '../admission/modelcache/validate.ts'
import { bearingsOf } from '../admission/workload/bearings.ts'
import { type PodTemplate, podTemplates } from '../admission/workload/pod-templates.ts'
import { modelCache } from '../api/modelcache.ts'
import { violation } from '../api/violation.ts'
import { objectKey } from '../kube/object-key.ts'
import { assumeReady } from './assume-ready.ts'
import { decideBy, type ReadUnknown } from './decide.ts'
import { inputView } from './input-view.ts'
import { invalidMetadata } from './invalid-metadata.ts'
import { inNamespace, type Manifest } from './manifest.ts'
import { isWatchedNamespace } from './match-conditions.ts'
import { claimsPolicy, namesPolicy } from './policies.ts'
import { renamedReferences } from './renamed-reference.ts'
import { requestFor } from './request.ts'
import { reviewCluster } from './review-cluster.ts'
import { reviewDeployment } from './review-deployment.ts'
import { NOTHING, type ReviewContext, reviewPod } from './review-pod.ts'
import { reviewWorkload } from './review-workload.ts'
import { type ReviewedKind, reviewedKind } from './reviewed-kind.ts'
import { unknownFields } from './unknown-fields.ts'
import {
  type Advise,
  findingsOf,
  type Reviewed,
  type ReviewFinding,
  type ReviewResult,
  reviewed,
} from './verdict.ts'

export interface ReviewOptions {
  /** The cluster under the input: `EMPTY_CLUSTER`, or a real one. */
  base: ClusterView
  readUnknown: ReadUnknown
  advise: Advise
  /** Every ModelCache counts as Ready. */
  assumeReady: boolean
  unknownProvisioner: 'Deny' | 'Warn'
  clusterName?: string | undefined
  /**
   * Labels and annotations that hydration pods may have, in addition to those that every installation allows.
   */
  hydrationKeys?: readonly string[] | undefined
}

/**
 * The result for each object of the input that rules apply to, in order, as if the objects were applied in
 * turn: a ModelCache that already exists, in the cluster or earlier in the input, is updated. Everything else
 * in the input is the cluster that they are applied to.
 */
export async function review(manifests: readonly Manifest[], options: ReviewOptions): Promise<Reviewed[]> {
  const { view: described, malformed } = inputView(manifests, options.base)
  const view = options.assumeReady ? assumeReady(described) : described
  const context: ReviewContext = {
    decide: decideBy(view, options.readUnknown),
    // The user who applies manifests is neither of the accounts that may write to managed claims.
    policy: {
      unknownProvisioner: options.unknownProvisioner,
      clusterName: options.clusterName,
      hydrationKeys: options.hydrationKeys,
      jobControllers: [],
      controllerUser: '',
    },
    advise: options.advise,
  }
  const before = createBefore(options.base)
  const results: Reviewed[] = []
  for (const manifest of manifests) {
    const kind = reviewedKind(manifest)
    const refused = malformed.get(manifest)
    if (kind !== undefined) {
      const result = reviewed(
        manifest,
        await reviewOne(manifest, kind, context, { before, input: manifests }),
      )
      if (kind.rules === 'modelcache' && result.verdict !== 'denied') before.applied(manifest)
      results.push(result)
    } else if (refused !== undefined) {
      results.push(reviewed(manifest, { findings: [error(refused)], patch: [] }))
    }
  }
  return results
}

async function reviewOne(
  manifest: Manifest,
  { rules, resource }: ReviewedKind,
  context: ReviewContext,
  { before, input }: { before: Before; input: readonly Manifest[] },
): Promise<ReviewResult> {
  if (rules === 'modeldeployment' && manifest.name !== '') {
    const { findings, patch } = await reviewDeployment(manifest, resource, context)
    return { findings: [...invalidMetadata(manifest, []).map(error), ...findings], patch }
  }
  if (rules === 'inferencecluster' && manifest.name !== '') return reviewCluster(manifest, resource, context)
  if (rules !== 'modelcache') {
    const result = await reviewByRules(manifest, { rules, resource }, context)
    return manifest.name === '' && result !== NOTHING ? { findings: [error(NAMELESS)], patch: [] } : result
  }
  if (manifest.name === '') return { findings: [error(NAMELESS)], patch: [] }
  const { object: old, place } = before.of(manifest)
  const request = requestFor(manifest, resource, old)
  const decision = await context.decide(
    (asked, view) => validateModelCache(asked, view, context.policy),
    request,
  )
  const found = findingsOf(decision, context.advise)
  const compared = place === undefined ? '' : ` (compared with ${place}, the first one of that name)`
  const findings = found.map(finding => ({ ...finding, message: `${finding.message}${compared}` }))
  const byServer = [
    ...invalidMetadata(manifest, []),
    ...unknownFields(request.object, modelCache, 'modelcache'),
  ]
  const renamed = renamedReferences(manifest, input)
  return { findings: [...findings, ...byServer.map(error), ...renamed], patch: [] }
}

async function reviewByRules(
  manifest: Manifest,
  { rules, resource }: ReviewedKind,
  context: ReviewContext,
): Promise<ReviewResult> {
  if (!isWatchedNamespace(manifest.namespace)) return NOTHING
  const templates = rules === 'pod' || rules === 'claim' ? [] : podTemplates(resource, manifest.object)
  const result = await reviewByWebhooks(manifest, { rules, resource }, context)
  if (result !== NOTHING) return withInvalidMetadata(result, manifest, templates)
  // No webhook is called, and then the policy speaks.
  const ignored = ignoredKeysOf(manifest, rules, templates)
  const findings = findingsOf(decide(ignored), context.advise)
  return findings.length === 0 ? NOTHING : withInvalidMetadata({ findings, patch: [] }, manifest, templates)
}

function ignoredKeysOf(
  { object }: Manifest,
  rules: ReviewedKind['rules'],
  templates: readonly PodTemplate[],
): Finding[] {
  if (rules === 'claim' || isControlled(object)) return []
  return rules === 'pod'
    ? ignoredKeys([{ bearer: 'pod', path: '', raw: object }])
    : ignoredKeys(bearingsOf(object, templates))
}

function withInvalidMetadata(
  { findings, patch }: ReviewResult,
  manifest: Manifest,
  templates: readonly PodTemplate[],
): ReviewResult {
  const invalid = invalidMetadata(manifest, templates).map(error)
  return { findings: [...invalid, ...findings], patch }
}

async function reviewByWebhooks(
  manifest: Manifest,
  { rules, resource }: ReviewedKind,
  context: ReviewContext,
): Promise<ReviewResult> {
  const reserved = policyOnNames(manifest, resource)
  if (reserved.length > 0) return { findings: findingsOf(decide(reserved), context.advise), patch: [] }
  const request = requestFor(manifest, resource)
  if (rules === 'pod') return reviewPod(request, context)
  return reviewWorkload(request, context, { isHeard: rules === 'workload' })
}

function policyOnNames(manifest: Manifest, resource: string): Finding[] {
  if (resource === 'persistentvolumeclaims') return claimsPolicy(manifest)
  return resource === 'pods' || resource === 'jobs' ? namesPolicy(manifest) : []
}

/** What exists of a ModelCache when its manifest is applied. */
interface Before {
  /** `place` is its position in the input; unset if the cluster has it. */
  of(manifest: Manifest): { object?: unknown; place?: string }
  applied(manifest: Manifest): void
}

function createBefore(base: ClusterView): Before {
  const admitted = new Map<string, Manifest>()
  return {
    of({ namespace, name }) {
      const first = admitted.get(objectKey(namespace, name))
      if (first === undefined) return { object: base.get('ModelCache', namespace, name) }
      return { object: inNamespace(first), place: `${first.file}:${first.line}` }
    },
    applied: manifest => admitted.set(objectKey(manifest.namespace, manifest.name), manifest),
  }
}

const NAMELESS = violation('SpecInvalid', 'metadata.name', 'the object has no name; set metadata.name')

function error({ reason, field, text }: ReturnType<typeof violation>): ReviewFinding {
  return { reason, severity: 'error', field, message: text }
}
