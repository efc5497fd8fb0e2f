import type { ModelCache } from '../../api/modelcache.ts'
import { sourceIdentity } from '../../api/source-identity.ts'
import { warning } from '../finding.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.artifact.source'

/**
 * No other cache in the namespace stages the same source. The artifact's kind does not count, because it does
 * not change the bytes. Runs on CREATE only, because the source is immutable.
 */
export const sourceAlreadyCached: Rule = ({ cache, namespace, old }, view) => {
  if (old !== undefined) return []
  const source = sourceIdentity(cache.spec)
  if (source === undefined) return []
  const isAnother = ({ metadata }: ModelCache) =>
    metadata.name !== cache.metadata.name && metadata.deletionTimestamp === undefined
  const twin = first(view.modelCachesOfSource(namespace, source), isAnother)
  // We look the cache up by name once more, because that look-up is the one that a live read answers.
  const confirmed = twin && view.get('ModelCache', namespace, twin.metadata.name)
  if (confirmed === undefined || !isAnother(confirmed) || sourceIdentity(confirmed.spec) !== source) return []
  const { metadata, spec } = confirmed
  const text = `ModelCache ${namespace}/${metadata.name} already stages the same source, mounted at ${spec.mount.path}; pods can use it with annotation modelplane.ai/caches: ${metadata.name}`
  const basis = [{ kind: 'ModelCache', namespace, name: metadata.name }] as const
  return [warning('SourceAlreadyCached', FIELD, text, basis)]
}

/** There may be many such caches, and the message names one. */
function first<T>(values: Iterable<T>, isWanted: (value: T) => boolean): T | undefined {
  for (const value of values) if (isWanted(value)) return value
  return undefined
}
