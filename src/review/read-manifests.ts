import { type Manifest, manifestOf, members, type Problem } from './manifest.ts'
import { type Located, parseDocuments } from './yaml-documents.ts'

/** What was read: objects in the order of the input, and why the rest cannot be read. */
export interface Input {
  manifests: Manifest[]
  problems: Problem[]
}

/**
 * Reads the objects in a text of YAML documents or JSON. Lists (`List`, `PodList` and so on) are split, even
 * nested ones. `namespace` is for objects that state none. It does not throw: `problems` says what cannot be
 * read.
 */
export function readManifests(file: string, text: string, namespace: string): Input {
  const { documents, problems } = parseDocuments(file, text)
  const manifests: Manifest[] = []
  for (const { value, line } of documents.flatMap(takenApart)) {
    const manifest = manifestOf(value, { file, line, namespace })
    if (typeof manifest === 'string') problems.push({ file, line, message: manifest })
    else if (isKustomization(manifest)) problems.push({ file, line, message: KUSTOMIZATION })
    else manifests.push(manifest)
  }
  return { manifests, problems: problems.map(problem => ({ ...problem, ...advised(problem, text) })) }
}

const KUSTOMIZATION = 'a kustomization is not an object of a cluster'
const RENDER_KUSTOMIZATION = 'render it first: kubectl kustomize DIR | modelcache review -f -'
const RENDER_TEMPLATE =
  'it looks like a template; render it first: helm template CHART | modelcache review -f -'

/** A template that must be rendered first gets advice about that. */
function advised({ file, message }: Problem, text: string): { message: string } {
  if (message === KUSTOMIZATION || /(^|[/\\])kustomization\.ya?ml$/.test(file))
    return { message: `${message}; ${RENDER_KUSTOMIZATION}` }
  return { message: text.includes('{{') ? `${message}; ${RENDER_TEMPLATE}` : message }
}

function isKustomization({ apiVersion }: Manifest): boolean {
  return apiVersion.startsWith('kustomize.config.k8s.io/')
}

/** The objects of a list, or the object itself. */
function takenApart(document: Located): Located[] {
  const list = members.safeParse(document.value).data
  const items = typeof list?.kind === 'string' && list.kind.endsWith('List') ? document.items() : undefined
  if (list === undefined || items === undefined) return [document]
  return items.map(item => withKindOf(list, item)).flatMap(takenApart)
}

/**
 * Items of a typed list, as the API server writes them, do not repeat what the list says: a `PodList` holds
 * Pods.
 */
function withKindOf(list: Record<string, unknown>, item: Located): Located {
  const value = members.safeParse(item.value).data
  if (list.kind === 'List' || value === undefined || 'kind' in value) return item
  return {
    ...item,
    value: { apiVersion: list.apiVersion, kind: String(list.kind).replace(/List$/, ''), ...value },
  }
}
