import type { AdmissionRequest } from '../admission/admission-review.ts'
import { groupOf, inNamespace, type Manifest } from './manifest.ts'

/** Neither our controller nor the Job controller: a reviewed manifest will be applied by an ordinary user. */
const USER = 'modelcache-review'

/**
 * The request that the API server would send for a manifest: UPDATE if the object exists, otherwise CREATE.
 */
export function requestFor(manifest: Manifest, resource: string, oldObject?: unknown): AdmissionRequest {
  const { apiVersion, namespace, name, file, line } = manifest
  return {
    uid: `${file}:${line}`,
    resource: { group: groupOf(apiVersion), version: apiVersion.split('/').at(-1) ?? '', resource },
    operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
    namespace,
    name,
    userInfo: { username: USER },
    object: inNamespace(manifest),
    oldObject,
  }
}

/**
 * The request for a pod in the namespace of another request, as the controller of a workload would create it.
 */
export function podRequest({ uid, namespace, userInfo }: AdmissionRequest, pod: object): AdmissionRequest {
  const resource = { group: '', version: 'v1', resource: 'pods' }
  return { uid, resource, operation: 'CREATE', namespace, userInfo, object: pod }
}
