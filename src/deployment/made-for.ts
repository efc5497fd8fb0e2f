import type { ModelDeployment, Strategy } from '../api/modeldeployment.ts'
import { DEPLOYMENT_OF, WORKER_INDEX } from '../api/names.ts'
import { API_VERSION } from '../api/schema/group.ts'
import { shortLabel } from './short-label.ts'

/** The labels that select the pods of the deployment of that name. They never change. */
export function selectorOf(name: string): Record<string, string> {
  return { [DEPLOYMENT_OF]: shortLabel(name) }
}

/** The labels of the pods that serve: all of them, or the leaders of gangs. */
export function servingSelectorOf(name: string, strategy: Strategy): Record<string, string> {
  return { ...selectorOf(name), ...(strategy === 'TensorPipeline' && { [WORKER_INDEX]: '0' }) }
}

/** Labels as the API takes them in a query. */
export function selectorText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}

/** The annotations of a deployment that its workload gets too. */
export function passedOn({ metadata: { annotations } }: ModelDeployment) {
  return annotations === undefined ? {} : { annotations }
}

/** The metadata of everything that we create for a deployment. It goes with its owner. */
export function madeFor(deployment: ModelDeployment) {
  const { namespace, name, uid } = deployment.metadata
  return {
    name,
    namespace,
    labels: { 'app.kubernetes.io/managed-by': 'modelcache', ...selectorOf(name) },
    // Without blockOwnerDeletion: some clusters allow it only to users who may write the finalizers of the
    // owner.
    ownerReferences: [{ apiVersion: API_VERSION, kind: 'ModelDeployment', name, uid, controller: true }],
  }
}
