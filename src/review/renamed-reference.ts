import { valueAt } from '../admission/value-at.ts'
import type { Manifest } from './manifest.ts'
import { members } from './manifest.ts'
import type { ReviewFinding } from './verdict.ts'

/**
 * A ModelCache names an object that the input has under a longer name only: kustomize has added a prefix, a
 * suffix or a hash to it, and does not know our references without component name-references.
 */
export function renamedReferences(cache: Manifest, input: readonly Manifest[]): ReviewFinding[] {
  return referencesOf(cache).flatMap(({ field, kind, name }) => {
    const there = input.filter(
      each => each.apiVersion === 'v1' && each.kind === kind && each.namespace === cache.namespace,
    )
    if (there.some(each => each.name === name)) return []
    const [renamed, ...others] = there.filter(each => `-${each.name}-`.includes(`-${name}-`))
    if (renamed === undefined || others.length > 0) return []
    return [
      {
        reason: 'ReferenceRenamed',
        severity: 'warning',
        field,
        message: `${field} names ${kind} ${name}, and the input has ${renamed.name}; if kustomize has changed its name, let it change references too, with component name-references (manifests/components)`,
      },
    ]
  })
}

interface Reference {
  field: string
  kind: 'Secret' | 'ServiceAccount'
  name: string
}

function referencesOf({ object }: Manifest): Reference[] {
  const sources = Object.keys(members.safeParse(valueAt(object, 'spec.artifact.source')).data ?? {})
  const places = sources.slice(0, MAX_SOURCES).map(source => `spec.artifact.source.${source}.secretRef.name`)
  return [
    ...places.flatMap(field => referenceAt(object, field, 'Secret')),
    ...referenceAt(object, 'spec.hydration.serviceAccountName', 'ServiceAccount'),
  ]
}

/** A ModelCache has one. More are an error of their own. */
const MAX_SOURCES = 8

function referenceAt(object: unknown, field: string, kind: Reference['kind']): Reference[] {
  const name = valueAt(object, field)
  return typeof name === 'string' && name !== '' ? [{ field, kind, name }] : []
}
