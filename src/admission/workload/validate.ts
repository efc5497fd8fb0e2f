import { isDeepStrictEqual } from 'node:util'
import { pod as podSchema } from '../../api/kubernetes/pod.ts'
import { CACHES } from '../../api/names.ts'
import { type Outcome, ok, refused } from '../../api/outcome.ts'
import type { AdmissionRequest } from '../admission-review.ts'
import { POD_ADVICE } from '../advice/advice.ts'
import { consumerOf, type PodAdvice, type Reference, referencesTo } from '../advice/consumer.ts'
import type { ClusterView } from '../cluster-view.ts'
import { allow, type Decision, decide } from '../decision.ts'
import { error, type Finding } from '../finding.ts'
import { ignoredKeys, isControlled, ourKeys } from '../ignored-keys.ts'
import { malformed } from '../malformed.ts'
import { cacheReferences } from '../pod/references.ts'
import { annotationNotOnTemplate, strayReferences } from './annotation-not-on-template.ts'
import { bearingsOf } from './bearings.ts'
import { cacheNotFound } from './cache-not-found.ts'
import { cacheNotReady } from './cache-not-ready.ts'
import { gangReferencesDiffer } from './gang-references-differ.ts'
import { impossible, inTemplate } from './impossible.ts'
import { asksForCaches, type PodTemplate, podTemplates } from './pod-templates.ts'
import { type Advice, referencesOf, type Subject, type Workload } from './workload.ts'

/** A warning about the templates, once: those of a gang are often the same. */
const ofPods =
  (advise: PodAdvice): Advice =>
  ({ subjects }) => {
    const findings = subjects.flatMap(advise)
    if (findings.length < 2) return findings
    return [...new Map(findings.map(finding => [finding.violation.text, finding])).values()]
  }

const keysIgnored: Advice = ({ object, templates }) =>
  isControlled(object) ? [] : ignoredKeys(bearingsOf(object, templates))

/** Every rule that warns, the most useful first, because the API server cuts the last ones. */
const ADVICE: readonly Advice[] = [
  annotationNotOnTemplate,
  keysIgnored,
  cacheNotFound,
  gangReferencesDiffer,
  ...POD_ADVICE.map(ofPods),
  cacheNotReady,
]

/**
 * The validating webhook for workloads (workloads.modelplane.ai). It denies a template whose pods can never
 * get their caches, because its author sees this denial. It warns about what may still come right or is
 * likely an oversight.
 *
 * An update that leaves the templates alone, such as scaling, is never denied and gets no warnings.
 */
export function validateWorkload(request: AdmissionRequest, view: ClusterView): Decision {
  if ((request.operation !== 'CREATE' && request.operation !== 'UPDATE') || request.subResource)
    return allow()
  const { object, resource } = request
  const namespace = request.namespace ?? ''
  const old = request.operation === 'UPDATE' ? request.oldObject : undefined
  const templates = podTemplates(resource.resource, object)
  const before = podTemplates(resource.resource, old)
  const isChanged = (template: PodTemplate) =>
    !isDeepStrictEqual(template.raw, before.find(({ path }) => path === template.path)?.raw)
  const ownOf = (each: unknown) => [strayReferences(each), ourKeys(each)]
  const isSame =
    old !== undefined &&
    before.length === templates.length &&
    !templates.some(isChanged) &&
    isDeepStrictEqual(ownOf(object), ownOf(old))
  if (isSame) return allow()

  const subjects: Subject[] = []
  const findings: Finding[] = []
  for (const template of templates.filter(asksForCaches)) {
    const subject = subjectOf(template, namespace, view)
    if (subject.refused === undefined) subjects.push(subject.value)
    if (!isChanged(template)) continue
    findings.push(
      ...(subject.refused === undefined ? impossible(subject.value, namespace) : [error(subject.refused)]),
    )
  }
  const references = referencesOf(subjects)
  const workload: Workload = { namespace, view, object, templates, subjects, references }
  // A denied request gets the reasons for the denial and no further advice.
  return decide(findings.length > 0 ? findings : ADVICE.flatMap(advise => advise(workload)))
}

/** The template read as a pod with its caches, or why that is impossible. */
function subjectOf(template: PodTemplate, namespace: string, view: ClusterView): Outcome<Subject> {
  const parsed = podSchema.safeParse({ metadata: {}, ...withoutNull(template.raw) })
  if (!parsed.success) return refused(malformed(`not a pod template at ${template.path}`, parsed.error))
  const annotation = template.annotations[CACHES]
  const subject = (references: readonly Reference[]) =>
    ok({ ...consumerOf({ path: template.path, pod: parsed.data, references }), template })
  if (annotation === undefined) return subject([])
  const names = cacheReferences(annotation)
  if (names.refused !== undefined) return refused(inTemplate(template, names.refused))
  return subject(referencesTo(names.value, namespace, view))
}

/** Go writes empty members of a template as null, which means the same as leaving them out. */
function withoutNull(raw: unknown): object {
  const members = Object(raw)
  if (!Object.values(members).includes(null)) return members
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null))
}
