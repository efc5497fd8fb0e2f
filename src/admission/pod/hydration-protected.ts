import { HYDRATOR_CONTAINER } from '../../api/kubernetes/hydration-pod.ts'
import type { Container, Pod } from '../../api/kubernetes/pod.ts'
import { isManagedName } from '../../api/managed-name.ts'
import { HYDRATOR_IMAGE } from '../../api/names.ts'
import { quote } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'
import { error, type Finding } from '../finding.ts'
import type { Subject } from './subject.ts'

const APART = 'exclude pods with label app.kubernetes.io/component=hydrator from the webhook that does this'

/**
 * In a hydration pod only container `hydrate` has the claim. It runs the image of its Job, and no other
 * container sees its processes, because anything that injectors add beside it could write what others then
 * trust. We know such a pod by its reserved name. Policy modelcache-new-pods states the same.
 */
export function hydrationProtected({ request, pod }: Subject): readonly Finding[] {
  if (!isHydration(pod)) return []
  const isMounting = mountsManaged(pod)
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec
  if (request.subResource) return beside('ephemeralContainers', ephemeralContainers.filter(isMounting))
  const isHydrator = ({ name }: Container) => name === HYDRATOR_CONTAINER
  return [
    ...beside(
      'containers',
      containers.filter(each => !isHydrator(each) && isMounting(each)),
    ),
    ...beside('initContainers', initContainers.filter(isMounting)),
    ...containers.filter(isHydrator).flatMap(each => otherImage(each, pod)),
    ...(pod.spec.shareProcessNamespace || pod.spec.hostPID ? [sharedProcesses()] : []),
  ]
}

function isHydration({ metadata }: Pod): boolean {
  return [metadata.name, metadata.generateName].some(isManagedName)
}

function mountsManaged({ spec }: Pod): (container: Container) => boolean {
  const managed = new Set(
    (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim: source }) =>
      isManagedName(source?.claimName) ? [name] : [],
    ),
  )
  return ({ volumeMounts = [], volumeDevices = [] }) =>
    [...volumeMounts, ...volumeDevices].some(({ name = '' }) => managed.has(name))
}

function beside(list: string, containers: readonly Container[]): Finding[] {
  return containers.map(({ name }) => {
    const text = `container ${quote(name)} beside container ${HYDRATOR_CONTAINER} mounts the claim of a ModelCache; ${APART}`
    return error(violation('HydrationProtected', `spec.${list}`, text))
  })
}

/** Another webhook may append a digest to the image. It is still the same image. */
function otherImage({ image = '' }: Container, { metadata }: Pod): Finding[] {
  const asked = metadata.annotations?.[HYDRATOR_IMAGE] ?? ''
  if (image === asked || image.startsWith(`${asked}@sha256:`)) return []
  const text = `container ${HYDRATOR_CONTAINER} has image ${quote(image)}, but its Job says ${quote(asked)}; to use a mirror, set --hydrator-image of the controller`
  return [error(violation('HydrationProtected', 'spec.containers', text))]
}

function sharedProcesses(): Finding {
  const text = `other containers of a hydration pod must not see the processes of container ${HYDRATOR_CONTAINER}; ${APART}`
  return error(violation('HydrationProtected', 'spec.shareProcessNamespace', text))
}
