import { CACHES } from '../../api/names.ts'
import { type Finding, warning } from '../finding.ts'
import { valueAt } from '../value-at.ts'

/** The annotation of pods stands on the ModelDeployment, which has a field for it. */
export function cachesOnItself(object: unknown): Finding[] {
  const annotations = valueAt(object, 'metadata.annotations')
  if (typeof annotations !== 'object' || annotations === null || !(CACHES in annotations)) return []
  const text = `annotation ${CACHES} on a ModelDeployment does not reach its pods; name the caches in spec.caches`
  return [warning('AnnotationNotOnTemplate', `metadata.annotations[${CACHES}]`, text)]
}
