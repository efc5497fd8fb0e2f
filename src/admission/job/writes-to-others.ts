import type { z } from 'zod'
import type { job } from '../../api/kubernetes/job.ts'
import { controllerOf } from '../../api/kubernetes/metadata.ts'
import { isManagedName } from '../../api/managed-name.ts'
import { isStaging, stagingPlace } from '../../api/staging.ts'
import { violation } from '../../api/violation.ts'
import type { ClusterView, ObjectRef } from '../cluster-view.ts'
import { error, type Finding } from '../finding.ts'

/**
 * A Job of our controller that writes to a claim that people made. The ModelCache that owns the Job must name
 * that claim and that folder: whoever has stolen the controller's token can create Jobs, and no ModelCaches.
 */
export function writesToOthers(
  { metadata, spec }: z.infer<typeof job>,
  namespace: string,
  view: ClusterView,
): Finding[] {
  const pod = spec.template.spec
  const written = (pod.volumes ?? []).flatMap(({ name, persistentVolumeClaim: source }) =>
    source && source.readOnly !== true && !isManagedName(source.claimName)
      ? [{ name, claimName: source.claimName }]
      : [],
  )
  if (written.length === 0) return []
  const owner = controllerOf(metadata)?.name ?? ''
  const basis: ObjectRef[] = [{ kind: 'ModelCache', namespace, name: owner }]
  const cache = view.get('ModelCache', namespace, owner)
  const place = cache && isStaging(cache.spec) ? stagingPlace(cache) : undefined
  const mounts = [...pod.containers, ...(pod.initContainers ?? [])].flatMap(
    container => container.volumeMounts ?? [],
  )
  return written.flatMap(({ name, claimName }) => {
    const folders = mounts.filter(mount => mount.name === name).map(({ subPath }) => subPath)
    const isMeant =
      place?.folder !== undefined &&
      place.claimName === claimName &&
      folders.every(folder => folder === place.folder)
    if (isMeant) return []
    const text = `the Job writes to claim ${claimName}, but ModelCache ${namespace}/${owner} is not staged into that folder of it; the controller only writes to a claim of others if a ModelCache says so`
    return [error(violation('ClaimWritable', 'spec.template.spec.volumes', text), basis)]
  })
}
