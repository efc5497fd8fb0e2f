import { namesOf, SOURCES, type Source, STAGED_NAMES, type StagedName } from '../../api/sources.ts'
import { HydrationError } from '../failure.ts'
import { configMap } from './config-map.ts'
import { http } from './http.ts'
import { huggingFace } from './hugging-face.ts'
import { inline } from './inline.ts'
import type { Resolved, SourceContext } from './source.ts'

type Resolve<S> = (source: S, context: SourceContext) => Promise<Resolved> | Resolved

/** One file in this folder for each source that this version stages. */
const RESOLVERS: { readonly [K in StagedName]: Resolve<NonNullable<Source[K]>> } = {
  huggingFace,
  // Its signer and its parser take memory and time, and most caches have another source.
  s3: async (source, context) => (await import('./s3.ts')).s3(source, context),
  http,
  oci: async (source, context) => (await import('./oci.ts')).oci(source, context),
  inline: source => inline(source),
  configMap: ({ name }, context) => configMap(name, context.configMap(name)),
}

/** What a source holds now. */
export async function resolve(context: SourceContext): Promise<Resolved> {
  const [name] = namesOf(context.source)
  if (name === undefined)
    throw new HydrationError('NotImplemented', 'the ModelCache has no source; set spec.artifact.source')
  if (!isStaged(name)) {
    const message = `this version does not support source ${name}; use ${STAGED_NAMES.join(', ')}`
    throw new HydrationError('NotImplemented', message)
  }
  return resolveOf(name, context)
}

function isStaged(name: keyof typeof SOURCES): name is StagedName {
  return SOURCES[name].isStaged
}

async function resolveOf<K extends StagedName>(name: K, context: SourceContext): Promise<Resolved> {
  const source = context.source[name]
  const resolver: Resolve<NonNullable<Source[K]>> = RESOLVERS[name]
  if (!source) throw new Error(`the source has no member ${name}`)
  return resolver(source, context)
}
