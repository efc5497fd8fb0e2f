import { digestOf } from './digest.ts'
import type { ModelCache } from './modelcache.ts'

type Source = NonNullable<ModelCache['spec']['artifact']['source']>
type Files = Readonly<Record<string, string>>

type Selector = NonNullable<ModelCache['spec']['clusterSelector']>

/** Patterns and selectors whose JSON is longer are kept as their digest. */
const MAX_JSON = 512

/** A file name that is longer is kept as its digest. */
const MAX_NAME = 71

/** Inline files with digests in place of their contents; of condensed ones, the same. */
export function condensedFiles(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name.length <= MAX_NAME ? name : digestOf(name),
      digestOf(content),
    ]),
  )
}

/** A source with digests in place of all that is large, which is the same for the same source; of a condensed one, the same. */
export function condensedSource(source: Source): Source {
  const { inline, huggingFace } = source
  return {
    ...source,
    ...(inline && { inline: { files: condensedFiles(inline.files) } }),
    ...(huggingFace && {
      huggingFace: {
        ...huggingFace,
        ...(huggingFace.include && { include: condensedPatterns(huggingFace.include) }),
        ...(huggingFace.exclude && { exclude: condensedPatterns(huggingFace.exclude) }),
      },
    }),
  }
}

/** Of a selector is asked whether it is the same, and no more as long as this cluster alone stages caches. */
export function condensedSelector(selector: Selector): Selector {
  const text = JSON.stringify(selector)
  return text.length <= MAX_JSON ? selector : { matchLabels: { digest: digestOf(text) } }
}

/**
 * A ModelCache as it is kept in memory. Anybody may make many, each of a megabyte, and of most of that rules ask no more than whether it
 * is the same. So digests stand in for what is large, and of `hydration` there is only the one that says what its Job is made from.
 */
export function condensed(cache: ModelCache): ModelCache {
  const { hydration, clusterSelector, ...spec } = cache.spec
  const { source } = spec.artifact
  return {
    ...cache,
    spec: {
      ...spec,
      ...(source && { artifact: { ...spec.artifact, source: condensedSource(source) } }),
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

function condensedPatterns(patterns: string[]): string[] {
  const text = JSON.stringify(patterns)
  return text.length <= MAX_JSON ? patterns : [digestOf(text)]
}
