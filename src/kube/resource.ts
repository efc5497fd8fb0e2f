import type { z } from 'zod'

/** What every object that the API server has stored shows. */
export interface StoredObject {
  metadata: {
    name: string
    namespace?: string | undefined
    resourceVersion?: string | undefined
  }
}

/** One kind of the Kubernetes API and the schema of what this project reads of it. */
export interface Resource<T extends StoredObject> {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly schema: z.ZodType<T>
  /** Only objects with these labels are listed and watched. */
  readonly labelSelector?: string
  /** The kind comes with a CRD that a cluster may lack: then there are none of it. */
  readonly optional?: true
  /** Only the object of this name is listed and watched, so that a right to that one object is enough. */
  readonly name?: string
  /** Where that is, for a kind that is namespaced: nobody may list another namespace with such a right. */
  readonly namespace?: string
}

type Addressed = Pick<Resource<StoredObject>, 'apiVersion' | 'plural'>

/** The path of a collection: of one namespace, or of the whole cluster when none is given. */
export function collectionPath(resource: Addressed, namespace?: string): string {
  // Only the core group lacks a name, and with it the prefix /apis.
  const prefix = resource.apiVersion.includes('/') ? '/apis' : '/api'
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${prefix}/${resource.apiVersion}${scope}/${resource.plural}`
}

/** The query that narrows a list or a watch to the objects that are wanted. */
export function selectors({ labelSelector, name }: Resource<StoredObject>) {
  return { labelSelector, fieldSelector: name === undefined ? undefined : `metadata.name=${name}` }
}

/** The path of one object; `namespace` is undefined for kinds that have none. */
export function objectPath(resource: Addressed, namespace: string | undefined, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`
}

/**
 * Checks an object from the API server by the schema of its kind, which keeps what is read of it and no more; the
 * record of field owners and the copy that kubectl keeps, often the most of an object, go. `apiVersion` and `kind`,
 * which items of a built-in list lack, are filled in.
 */
export function parseObject<T extends StoredObject>(
  { apiVersion, kind, schema }: Resource<T>,
  raw: unknown,
): z.ZodSafeParseResult<T> {
  return schema.safeParse(typeof raw === 'object' && raw !== null ? { apiVersion, kind, ...raw } : raw)
}
