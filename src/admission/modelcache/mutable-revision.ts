import { warning } from '../finding.ts'
import type { Rule } from './change.ts'

const HUGGING_FACE = 'spec.artifact.source.huggingFace.revision'
const OCI = 'spec.artifact.source.oci.reference'

/** Names that by custom follow the newest state. Other branches and tags may move too, but mostly stand still. */
const MOVING_BRANCHES = ['main', 'master']
const LATEST = 'latest'

/**
 * A branch or tag that is known to move is resolved once, which surprises whoever expects the cache to follow. Said on CREATE
 * alone: the field is immutable.
 */
export const mutableRevision: Rule = ({ cache: { spec }, old }) => {
  const { huggingFace, oci } = spec.artifact.source ?? {}
  if (old !== undefined) return []
  if (huggingFace && MOVING_BRANCHES.includes(huggingFace.revision)) {
    const text = `revision ${huggingFace.revision} moves: what it points at now is staged, and stays. To pin it, name a commit, by its 40 digits, when the cache is created`
    return [warning('MutableRevision', HUGGING_FACE, text)]
  }
  const tag = oci && movingTag(oci.reference)
  if (tag) {
    const text = `${tag} moves: what it points at now is staged, and stays. To pin it, name a digest (registry/repository@sha256:…) when the cache is created`
    return [warning('MutableRevision', OCI, text)]
  }
  return []
}

/** The tag `latest` in words, where a reference goes by it; undefined where it names another tag or a digest. */
function movingTag(reference: string): string | undefined {
  if (reference.includes('@')) return undefined
  // A registry may have a port, so the colon of a tag is looked for behind the last slash.
  const [, tag] = reference.slice(reference.lastIndexOf('/') + 1).split(':')
  if (tag === undefined) return `no tag means ${LATEST}, which`
  return tag === LATEST ? `tag ${LATEST}` : undefined
}
