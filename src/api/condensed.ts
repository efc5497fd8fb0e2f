import type { ModelCache } from './modelcache.ts'
import { digestOf } from './schema/digest.ts'
import { namesOf, type Source, type SourceName, sourceType } from './sources.ts'

type Selector = NonNullable<ModelCache['spec']['clusterSelector']>

/** A selector whose JSON is longer is kept as its digest. */
const MAX_JSON = 512

/**
 * A source with digests in place of all that is large, which is the same for the same source; of a condensed one, the
 * same.
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

/** Of a selector is asked whether it is the same, and no more as long as this cluster alone stages caches. */
export function condensedSelector(selector: Selector): Selector {
  const text = JSON.stringify(selector)
  return text.length <= MAX_JSON ? selector : { matchLabels: { digest: digestOf(text) } }
}

/**
 * A ModelCache as it is kept in memory. Anybody may make many, each of a megabyte, and of most of that rules ask no
 * more than whether it is the same. So digests stand in for what is large, and of `hydration` there is only the one
 * that says what its Job is made from.
 */
export function condensed(cache: ModelCache): ModelCache {
  const { hydration, clusterSelector, ...spec } = cache.spec
  return {
    ...cache,
    spec: {
      ...withCondensedSource(spec),
      ...(clusterSelector && { clusterSelector: condensedSelector(clusterSelector) }),
    },
    jobInputs: jobInputs(cache),
  }
}

/** The same text as long as nothing has changed in the spec that decides what a Job of the cache does. */
export function jobInputs({ spec, jobInputs: known }: ModelCache): string {
  if (known !== undefined) return known
  const { artifact, hydration } = spec
  return digestOf(JSON.stringify([artifact.source && condensedSource(artifact.source), hydration]))
}
