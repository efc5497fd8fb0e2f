import type { z } from 'zod'
import type { artifactSource } from './artifact-source.ts'
import { AWS_SECRET_KEYS } from './aws-secret-keys.ts'
import { AZURE_SECRET_KEYS } from './azure-secret-keys.ts'
import { GCS_SECRET_KEYS } from './gcs-secret-keys.ts'
import { REGISTRY_SECRET_KEYS } from './registry-secret-keys.ts'
import { digestOf } from './schema/digest.ts'

/** `spec.artifact.source`: one member for each kind of source. Exactly one is set. */
export type Source = z.infer<typeof artifactSource>
/** A source that can be staged. */
export type SourceName = Exclude<keyof Source, 'pvc-clone'>

/** What we know about one kind of source. */
export interface SourceType<S> {
  /**
   * Its bytes are part of the cluster, so a claim of the smallest size holds them and no Job needs to measure
   * them.
   */
  readonly isSmall?: true
  /** The source in one line, for people. */
  line(source: S): string
  /** The keys of a Secret that its Job gets, of those that there are. */
  secret?(source: S): { name: string; keys: readonly string[] } | undefined
  /** The ConfigMap that its Job gets. */
  configMap?(source: S): string
  /** The claim that its Job gets, read-only. */
  claim?(source: S): string
  /**
   * The same source with digests in place of large values. Condensing it again changes nothing. Absent if
   * nothing in it is large.
   */
  condensed?(source: S): S
  /**
   * Whether we can tell it from other sources, which we cannot if a Secret holds the URL. Absent means
   * always.
   */
  isKnown?(source: S): boolean
  /** The part that usually moves, such as branch `main`; undefined if nothing is known to move. */
  moving?(source: S): Moving | undefined
}

/** A name that may point to something else tomorrow. */
export interface Moving {
  /** Member of the source. */
  field: string
  /** Such as `revision main`. */
  what: string
  /** What to use instead. */
  pin: string
}

/**
 * Every kind of source in the API, in the order of messages. Whatever lists sources or asks about one uses
 * this table.
 */
export const SOURCES = {
  huggingFace: {
    line: ({ repo, kind, revision }) => `hf://${kind === 'dataset' ? 'datasets/' : ''}${repo}@${revision}`,
    secret: ({ secretRef }) => secretRef && { name: secretRef.name, keys: [secretRef.key] },
    condensed: source => ({
      ...source,
      ...(source.include && { include: condensedPatterns(source.include) }),
      ...(source.exclude && { exclude: condensedPatterns(source.exclude) }),
    }),
    moving: ({ revision }) =>
      MOVING_BRANCHES.includes(revision)
        ? { field: 'revision', what: `revision ${revision}`, pin: 'a commit by its 40 digits' }
        : undefined,
  },
  s3: {
    line: ({ uri }) => uri,
    secret: ({ secretRef }) =>
      secretRef && { name: secretRef.name, keys: Object.values(AWS_SECRET_KEYS).flat() },
  },
  http: {
    line: ({ url, urls, secretRef }) =>
      url ?? (urls === undefined ? `url of secret/${secretRef?.name ?? ''}` : lineOfUrls(urls)),
    secret: ({ secretRef }) =>
      secretRef && { name: secretRef.name, keys: [secretRef.urlKey ?? secretRef.key] },
    condensed: source => ({ ...source, ...(source.urls && { urls: condensedUrls(source.urls) }) }),
    isKnown: ({ url, urls }) => url !== undefined || urls !== undefined,
  },
  oci: {
    line: ({ reference }) => `oci://${reference}`,
    secret: ({ secretRef }) =>
      secretRef && { name: secretRef.name, keys: Object.values(REGISTRY_SECRET_KEYS).flat() },
    moving({ reference }) {
      const what = movingTag(reference)
      return what === undefined
        ? undefined
        : { field: 'reference', what, pin: 'a digest (registry/repository@sha256:…)' }
    },
  },
  inline: {
    isSmall: true,
    line: ({ files }) => `inline (${Object.keys(files).length} files)`,
    condensed: ({ files }) => ({ files: condensedFiles(files) }),
  },
  configMap: {
    isSmall: true,
    line: ({ name }) => `configmap/${name}`,
    configMap: ({ name }) => name,
  },
  gcs: {
    line: ({ uri }) => uri,
    secret: ({ secretRef }) => secretRef && { name: secretRef.name, keys: GCS_SECRET_KEYS },
  },
  azure: {
    line: ({ account, uri }) => `${uri} of ${account}`,
    secret: ({ secretRef }) =>
      secretRef && { name: secretRef.name, keys: Object.values(AZURE_SECRET_KEYS).flat() },
  },
  pvcClone: {
    line: ({ name, subPath }) => (subPath === undefined ? `pvc/${name}` : `pvc/${name}/${subPath}`),
    claim: ({ name }) => name,
  },
} as const satisfies { readonly [K in SourceName]-?: SourceType<NonNullable<Source[K]>> }

export const SOURCE_NAMES = Object.keys(SOURCES) as readonly SourceName[]

/** The members that are set, in the order of the table. Admission makes sure that there is exactly one. */
export function namesOf(source: Source | undefined): SourceName[] {
  return SOURCE_NAMES.filter(name => source?.[name] !== undefined)
}

/** What we know about the source of that name. */
export function sourceType<K extends SourceName>(name: K): SourceType<NonNullable<Source[K]>> {
  const types: { readonly [N in SourceName]: SourceType<NonNullable<Source[N]>> } = SOURCES
  return types[name]
}

/** Asks about the one source that is set; undefined if there is none. */
export function askSource<R>(
  source: Source | undefined,
  ask: <S>(type: SourceType<S>, value: S, name: SourceName) => R,
): R | undefined {
  const askOf = <K extends SourceName>(name: K): R | undefined => {
    const value = source?.[name]
    return value ? ask(sourceType(name), value, name) : undefined
  }
  const [name] = namesOf(source)
  return name && askOf(name)
}

/** Names that by convention follow the newest state. Other branches and tags can move too, but seldom do. */
const MOVING_BRANCHES: readonly string[] = ['main', 'master']
const LATEST = 'latest'

/** The tag `latest` in words, if the reference uses it; undefined if it names another tag or a digest. */
function movingTag(reference: string): string | undefined {
  if (reference.includes('@')) return undefined
  // A registry may have a port, so we look for the colon of a tag after the last slash.
  const [, tag] = reference.slice(reference.lastIndexOf('/') + 1).split(':')
  if (tag === undefined) return `no tag means ${LATEST}, which`
  return tag === LATEST ? `tag ${LATEST}` : undefined
}

/** A list of patterns with longer JSON is kept as its digest. */
const MAX_PATTERNS = 512

function condensedPatterns(patterns: string[]): string[] {
  const text = JSON.stringify(patterns)
  return text.length <= MAX_PATTERNS ? patterns : [digestOf(text)]
}

type Urls = NonNullable<NonNullable<Source['http']>['urls']>

function lineOfUrls([first, ...others]: Urls): string {
  return `${first?.url ?? ''}${others.length > 0 ? ' and others' : ''}`
}

/** Lists with longer JSON keep the first URL, for people, and the digest of all. */
const MAX_URLS = 512

function condensedUrls(urls: Urls): Urls {
  const [first, second, ...others] = urls
  const text = JSON.stringify(urls)
  const isCondensed = second?.url.startsWith('sha256:') === true && others.length === 0
  if (first === undefined || isCondensed || text.length <= MAX_URLS) return urls
  return [{ url: first.url }, { url: digestOf(text) }]
}

type Files = Readonly<Record<string, string>>

/** A file name that is longer than a digest is kept as one. */
const MAX_NAME = 71

function condensedFiles(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name.length <= MAX_NAME ? name : digestOf(name),
      digestOf(content),
    ]),
  )
}
