import { IMPLEMENTED_SOURCES } from '../../api/modelcache-fields.ts'
import { HydrationError } from '../failure.ts'
import { configMap } from './config-map.ts'
import { http } from './http.ts'
import { huggingFace } from './hugging-face.ts'
import { inline } from './inline.ts'
import type { Resolved, SourceContext } from './source.ts'

/** What a source holds now: one file of this folder for each kind of source. */
export async function resolve(context: SourceContext): Promise<Resolved> {
  const { source } = context
  if (source.inline) return inline(source.inline)
  if (source.huggingFace) return huggingFace(source.huggingFace, context)
  if (source.http) return http(source.http, context)
  if (source.configMap) return configMap(source.configMap.name, context.configMap(source.configMap.name))
  const named = IMPLEMENTED_SOURCES.find(name => source[name as keyof typeof source] !== undefined)
  throw new HydrationError(
    'NotImplemented',
    named === undefined
      ? 'the ModelCache has no source; set spec.artifact.source'
      : `this version does not hydrate source ${named}; use huggingFace, http, inline or configMap`,
  )
}
