import { namesOf, SOURCE_NAMES } from '../../api/sources.ts'
import { violation } from '../../api/violation.ts'
import { error } from '../finding.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.artifact.source'

/**
 * There is exactly one source. With backend ExistingPVC there may be none, because the claim already holds
 * the bytes.
 */
export const artifactSource: Rule = ({ cache: { spec } }) => {
  const set = namesOf(spec.artifact.source)
  if (spec.storage.backend === 'ExistingPVC' && set.length === 0) return []
  // A source of the design that this version does not have is denied by its name.
  if (set.length === 1 || (set.length === 0 && spec.artifact.source?.['pvc-clone'])) return []
  const found =
    set.length === 0
      ? violation(
          'ArtifactSourceRequired',
          FIELD,
          `${FIELD} is empty; set exactly one of ${SOURCE_NAMES.join(', ')}`,
        )
      : violation(
          'ArtifactSourceAmbiguous',
          FIELD,
          `${FIELD} has ${set.join(' and ')}; keep one and remove the others, or create a ModelCache for each`,
        )
  return [error(found)]
}
