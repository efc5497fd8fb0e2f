import { z } from 'zod'
import { API_VERSION } from '../api/group.ts'
import { type ModelCache, modelCache } from '../api/modelcache.ts'
import { type Namespace, namespace } from '../api/namespace.ts'
import { type PersistentVolumeClaim, persistentVolumeClaim } from '../api/persistentvolumeclaim.ts'
import { type StorageClass, storageClass } from '../api/storageclass.ts'

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
}

export const storageClasses: Resource<StorageClass> = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  namespaced: false,
  schema: storageClass,
}

export const modelCaches: Resource<ModelCache> = {
  apiVersion: API_VERSION,
  kind: 'ModelCache',
  plural: 'modelcaches',
  namespaced: true,
  schema: modelCache,
}

export const persistentVolumeClaims: Resource<PersistentVolumeClaim> = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
  schema: persistentVolumeClaim,
}

export const namespaces: Resource<Namespace> = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
  schema: namespace,
}

type Addressed = Pick<Resource<StoredObject>, 'apiVersion' | 'plural'>

/** The path of a collection: of one namespace, or of the whole cluster when none is given. */
export function collectionPath(resource: Addressed, namespace?: string): string {
  // Only the core group lacks a name, and with it the prefix /apis.
  const prefix = resource.apiVersion.includes('/') ? '/apis' : '/api'
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${prefix}/${resource.apiVersion}${scope}/${resource.plural}`
}

/** The path of one object; `namespace` is undefined for kinds that have none. */
export function objectPath(resource: Addressed, namespace: string | undefined, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`
}

const anyObject = z.looseObject({ metadata: z.looseObject({ managedFields: z.unknown().optional() }) })

/**
 * Checks an object from the API server by the schema of its kind. Two things are made even before: the record
 * of field owners, often half of an object and read by nobody here, is dropped; and `apiVersion` and `kind`,
 * which items of a built-in list lack, are filled in.
 */
export function parseObject<T extends StoredObject>(
  resource: Resource<T>,
  raw: unknown,
): z.ZodSafeParseResult<T> {
  const object = anyObject.safeParse(raw)
  if (!object.success) return resource.schema.safeParse(raw)
  const { managedFields: _, ...metadata } = object.data.metadata
  return resource.schema.safeParse({
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    ...object.data,
    metadata,
  })
}
