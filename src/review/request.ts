import type { AdmissionRequest } from '../admission/admission-review.ts'
import { groupOf, inNamespace, type Manifest } from './manifest.ts'

/** Neither our controller nor the Job controller: whoever reviews a manifest will apply it as somebody ordinary. */
const USER = 'modelcache-review'

/** What the API server would ask about a manifest: an UPDATE where the object is there already, else a CREATE. */
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

/** What it would ask about a pod in the namespace of another request, as the controller of a workload makes them. */
export function podRequest({ uid, namespace, userInfo }: AdmissionRequest, pod: object): AdmissionRequest {
  const resource = { group: '', version: 'v1', resource: 'pods' }
  return { uid, resource, operation: 'CREATE', namespace, userInfo, object: pod }
}
