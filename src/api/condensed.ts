import { isDeepStrictEqual } from 'node:util'
import type { ModelCache } from './modelcache.ts'
import { digestOf } from './schema/digest.ts'
import { namesOf, type Source, type SourceName, sourceType } from './sources.ts'

type Selector = NonNullable<ModelCache['spec']['clusterSelector']>

/** Characters of the JSON of a selector. Admission denies a longer one, and we keep its digest. */
export const MAX_SELECTOR = 2_048

/**
 * The source with digests in place of large values. The same source always gives the same result, and a
 * condensed source stays as it is.
 */
export function condensedSource(source: Source): Source {
  const condensed: Source = {}
  const condense = <K extends SourceName>(name: K) => {
    const value = source[name]
    condensed[name] = value && (sourceType(name).condensed?.(value) ?? value)
  }
  for (const name of namesOf(source)) condense(name)
  return condensed
}

/** The same spec with its source condensed. */
export function withCondensedSource<S extends Pick<ModelCache['spec'], 'artifact'>>(spec: S): S {
  const { source } = spec.artifact
  return source === undefined
    ? spec
    : { ...spec, artifact: { ...spec.artifact, source: condensedSource(source) } }
}

/** A selector that is too long selects no cluster, and we can only tell whether it is the same. */
export function condensedSelector(selector: Selector): Selector {
  const text = JSON.stringify(selector)
  return text.length <= MAX_SELECTOR ? selector : { matchLabels: { digest: digestOf(text) } }
}

/** Whether two selectors are the same, one or both condensed. */
export function isSameSelector(one: Selector | undefined, other: Selector | undefined): boolean {
  return isDeepStrictEqual(one && condensedSelector(one), other && condensedSelector(other))
}

/**
 * A ModelCache in the form that we keep in memory. Anybody may create many, each of a megabyte, and rules
 * only ask of most members whether they are the same. So digests replace what is large, and `hydration`
 * shrinks to the digest that says what its Job is made from.
 */
export function condensed(cache: ModelCache): ModelCache {
  const { hydration, clusterSelector, ...spec } = cache.spec
  return {
    ...cache,
    spec: {
      ...withCondensedSource(spec),
      storage: withoutMetadata(spec.storage),
      ...(clusterSelector && { clusterSelector: condensedSelector(clusterSelector) }),
    },
    jobInputs: jobInputs(cache),
  }
}

/** Only the write of a new claim needs the labels and annotations of claims, and it reads the whole cache. */
function withoutMetadata(storage: ModelCache['spec']['storage']): ModelCache['spec']['storage'] {
  if (storage.pvc === undefined) return storage
  const { labels, annotations, ...pvc } = storage.pvc
  return { ...storage, pvc }
}

/**
 * This text stays the same as long as nothing in the spec changes that decides what a Job of the cache does.
 */
export function jobInputs({ spec, jobInputs: known }: ModelCache): string {
  if (known !== undefined) return known
  const { artifact, hydration } = spec
  return digestOf(JSON.stringify([artifact.source && condensedSource(artifact.source), hydration]))
}
