import { namesOf, type Source, type SourceName } from '../../api/sources.ts'
import { HydrationError } from '../failure.ts'
import { configMap } from './config-map.ts'
import { http } from './http.ts'
import { huggingFace } from './hugging-face.ts'
import { inline } from './inline.ts'
import { pvcClone } from './pvc-clone.ts'
import type { Resolved, SourceContext } from './source.ts'

type Resolve<S> = (source: S, context: SourceContext) => Promise<Resolved> | Resolved

/** One file in this folder for each source. */
const RESOLVERS: { readonly [K in SourceName]: Resolve<NonNullable<Source[K]>> } = {
  huggingFace,
  // Its signer and its parser take memory and time, and most caches have another source.
  s3: async (source, context) => (await import('./s3.ts')).s3(source, context),
  http,
  oci: async (source, context) => (await import('./oci.ts')).oci(source, context),
  inline: source => inline(source),
  configMap: ({ name }, context) => configMap(name, context.configMap(name)),
  gcs: async (source, context) => (await import('./gcs.ts')).gcs(source, context),
  azure: async (source, context) => (await import('./azure.ts')).azure(source, context),
  pvcClone: (source, context) => pvcClone(source, context.claim(source.name)),
}

/** What a source holds now. */
export async function resolve(context: SourceContext): Promise<Resolved> {
  const [name] = namesOf(context.source)
  if (name === undefined)
    throw new HydrationError('NotImplemented', 'the ModelCache has no source; set spec.artifact.source')
  return resolveOf(name, context)
}

async function resolveOf<K extends SourceName>(name: K, context: SourceContext): Promise<Resolved> {
  const source = context.source[name]
  const resolver: Resolve<NonNullable<Source[K]>> = RESOLVERS[name]
  if (!source) throw new Error(`the source has no member ${name}`)
  return resolver(source, context)
}
