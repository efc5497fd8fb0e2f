import { CACHES } from '../../api/names.ts'
import { warning } from '../finding.ts'
import { valueAt } from '../value-at.ts'
import { findStrays } from './find-templates.ts'
import { annotationsOf } from './pod-templates.ts'
import type { Advice } from './workload.ts'

/**
 * The annotation sits where no pod gets it: on the workload, on the Job template of a CronJob, or above the
 * templates of an operator's kind.
 */
export function strayReferences(object: unknown): unknown[] {
  const known = [object, valueAt(object, 'spec.jobTemplate')].map(bearer => annotationsOf(bearer)[CACHES])
  return [...known, ...findStrays(object)]
}

/** Kubernetes: pods get the metadata of their template, never the metadata of the workload. */
export const annotationNotOnTemplate: Advice = ({ object, templates }) => {
  if (templates.length === 0 || templates.some(({ annotations }) => CACHES in annotations)) return []
  // To find them takes longer than the check above.
  if (strayReferences(object).every(value => value === undefined)) return []
  const places = templates.map(({ path }) => `${path}.metadata`).join(' and ')
  const text = `annotation ${CACHES} on the workload itself does not reach its pods; move it to ${places}`
  const field = `metadata.annotations[${CACHES}]`
  return [warning('AnnotationNotOnTemplate', field, text)]
}
