import type { z } from 'zod'

/** The fields of every object that the API server has stored. */
export interface StoredObject {
  metadata: {
    name: string
    namespace?: string | undefined
    resourceVersion?: string | undefined
  }
}

/** One kind of the Kubernetes API, and the schema of the fields that this project reads. */
export interface Resource<T extends StoredObject> {
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly schema: z.ZodType<T>
  /** List and watch only objects with these labels. */
  readonly labelSelector?: string
  /** The kind comes with a CRD that a cluster may lack. Then there are no objects of it. */
  readonly optional?: true
  /** List and watch only the object of this name, so that a right to that one object is enough. */
  readonly name?: string
  /**
   * The namespace of that object, if the kind is namespaced. Such a right does not allow a list of another
   * namespace.
   */
  readonly namespace?: string
}

type Addressed = Pick<Resource<StoredObject>, 'apiVersion' | 'plural'>

/** The path of a collection: of one namespace, or of the whole cluster if none is given. */
export function collectionPath(resource: Addressed, namespace?: string): string {
  // Only the core group has no name, and its prefix is not /apis.
  const prefix = resource.apiVersion.includes('/') ? '/apis' : '/api'
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${prefix}/${resource.apiVersion}${scope}/${resource.plural}`
}

/** The query that narrows a list or a watch to the wanted objects. */
export function selectors({ labelSelector, name }: Resource<StoredObject>) {
  return { labelSelector, fieldSelector: name === undefined ? undefined : `metadata.name=${name}` }
}

/** The path of one object. `namespace` is undefined for kinds without namespaces. */
export function objectPath(resource: Addressed, namespace: string | undefined, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`
}

/**
 * Parses an object from the API server by the schema of its kind, and keeps only the fields that we read. The
 * record of field managers and the copy of kubectl, often the largest parts of an object, are dropped.
 * `apiVersion` and `kind`, which items of a built-in list lack, are filled in.
 */
export function parseObject<T extends StoredObject>(
  { apiVersion, kind, schema }: Resource<T>,
  raw: unknown,
): z.ZodSafeParseResult<T> {
  return schema.safeParse(typeof raw === 'object' && raw !== null ? { apiVersion, kind, ...raw } : raw)
}
