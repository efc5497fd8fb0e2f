import { CACHES } from '../../api/names.ts'
import { type Outcome, ok, refused } from '../../api/outcome.ts'
import { MAX_NAME, objectName } from '../../api/schema/object-name.ts'
import { emptyName, listed, quote } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'

/** More caches than any pod mounts. Each unknown name costs a live read, so we bound the number. */
const MAX_REFERENCES = 16

/** Room for that many names, each with a comma and a few spaces. */
const MAX_ANNOTATION = MAX_REFERENCES * (MAX_NAME + 16)

const FIELD = `metadata.annotations[${CACHES}]`

/**
 * The names of the caches in an annotation, in its order. Names are separated by commas with optional spaces;
 * each is a valid object name and appears once.
 */
export function cacheReferences(annotation: string): Outcome<string[]> {
  if (annotation.length > MAX_ANNOTATION) {
    const text = `annotation ${CACHES} has ${annotation.length} characters, more than ${MAX_REFERENCES} names need; list the names of ModelCaches in this namespace, separated by commas`
    return refused(violation('ReferenceInvalid', FIELD, text))
  }
  const names = listed(annotation)
  const problem = referenceProblem(names)
  if (problem === undefined) return ok(names)
  const text = `annotation ${CACHES}=${quote(annotation)} ${problem}; list the names of ModelCaches in this namespace, separated by commas`
  return refused(violation('ReferenceInvalid', FIELD, text))
}

function referenceProblem(names: string[]): string | undefined {
  if (names.length > MAX_REFERENCES)
    return `names ${names.length} caches, but at most ${MAX_REFERENCES} are allowed`
  if (names.every(name => name === '')) return 'names no cache'
  const empty = emptyName(names)
  if (empty !== undefined) return empty
  const invalid = names.find(name => !objectName.safeParse(name).success)
  if (invalid !== undefined) return `has ${quote(invalid)}, which is not an object name`
  const duplicate = names.find((name, index) => names.indexOf(name) !== index)
  return duplicate === undefined ? undefined : `names ${quote(duplicate)} twice`
}
