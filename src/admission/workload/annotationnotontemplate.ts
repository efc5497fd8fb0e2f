import { CACHES } from '../../api/annotations.ts'
import { warning } from '../warning.ts'
import { annotationsOf } from './podtemplates.ts'
import type { Advice } from './workload.ts'

/** Kubernetes: pods get the metadata of their template, never that of the workload. */
export const annotationNotOnTemplate: Advice = ({ object, templates }) => {
  if (!(CACHES in annotationsOf(object))) return []
  if (templates.some(({ annotations }) => CACHES in annotations)) return []
  const places = templates.map(({ path }) => `${path}.metadata`).join(' and ')
  const text = `${CACHES} on the workload itself does not reach its pods; move it to ${places}`
  const field = `metadata.annotations[${CACHES}]`
  return [warning('AnnotationNotOnTemplate', field, text)]
}
