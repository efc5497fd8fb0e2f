import type { ModelCache } from '../../api/modelcache.ts'
import { sourceIdentity } from '../../api/sourceidentity.ts'
import { warning } from '../warning.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.artifact.source'

/**
 * No other cache of the namespace stages the same source; the artifact's kind says what the bytes are for and does not
 * change them. Runs on CREATE alone: the source is immutable.
 */
export const sourceAlreadyCached: Rule = ({ cache, namespace, old }, view) => {
  const source = sourceIdentity(cache.spec)
  if (old !== undefined || source === undefined) return {}
  const isTwin = (other: ModelCache | undefined) =>
    other !== undefined &&
    other.metadata.name !== cache.metadata.name &&
    other.metadata.deletionTimestamp === undefined &&
    sourceIdentity(other.spec) === source
  const [twin] = [...view.modelCachesOfSource(namespace, source)].filter(isTwin)
  // By name once more: that look-up is the one that a live read answers.
  const confirmed = twin && view.modelCache(namespace, twin.metadata.name)
  if (confirmed === undefined || !isTwin(confirmed)) return {}
  const { metadata, spec } = confirmed
  const text = `ModelCache ${namespace}/${metadata.name} has the same source already, mounted at ${spec.mount.path}; pods can use that one: modelplane.ai/caches: ${metadata.name}`
  const basis = [{ kind: 'ModelCache', namespace, name: metadata.name }] as const
  return { warnings: [warning('SourceAlreadyCached', FIELD, text, basis)] }
}
