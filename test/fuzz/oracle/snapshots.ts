import { managedClaim } from './claim-writable.ts'
import { type Cluster, isGated, nameOf, recordOf } from './cluster.ts'
import { at, listAt, textAt } from './json.ts'
import { knownDigests, pendingMount, snapshotOf } from './mounts.ts'

/**
 * DESIGN 4: kubelet creates a missing folder, so pods mount either all of a managed claim or what status
 * knows.
 */
export function mountsWhatIsNoSnapshot(pod: unknown, namespace: string, cluster: Cluster): boolean {
  // If two volumes share a name, which no API server accepts, the last managed one counts.
  const managed = new Map(
    listAt(pod, 'spec', 'volumes').flatMap((volume): [unknown, { cache: unknown }][] => {
      const claim = textAt(volume, 'persistentVolumeClaim', 'claimName')
      const found = claim === undefined ? undefined : managedClaim(claim, namespace, cluster)
      return found === undefined ? [] : [[at(volume, 'name'), found]]
    }),
  )
  return ['containers', 'initContainers', 'ephemeralContainers'].some(kind =>
    listAt(pod, 'spec', kind).some(container =>
      listAt(container, 'volumeMounts').some(mount => {
        const found = managed.get(at(mount, 'name'))
        return found !== undefined && !isRight(mount, container, pod, found.cache)
      }),
    ),
  )
}

function isRight(mount: unknown, container: unknown, pod: unknown, cache: unknown): boolean {
  const expression = textAt(mount, 'subPathExpr') ?? ''
  const parts = (textAt(mount, 'subPath') ?? '').split('/').filter(part => part !== '' && part !== '.')
  if (expression === '')
    return (
      parts.length === 0 ||
      [...knownDigests(cache)].some(digest => parts.join('/') === snapshotOf(String(digest)))
    )
  if (cache === undefined || textAt(mount, 'subPath')) return false
  const { variable } = pendingMount(cache)
  const values = listAt(container, 'env').filter(entry => at(entry, 'name') === variable?.name)
  const isTold =
    values.length > 0 &&
    values.every(entry => textAt(entry, 'valueFrom', 'fieldRef', 'fieldPath') === variable?.fieldPath)
  const waits = isGated(pod) && recordOf(pod).get(nameOf(cache)) === 'pending'
  return expression === variable?.subPathExpr && isTold && waits
}
