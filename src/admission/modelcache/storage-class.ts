import type { DeclaredDriver } from '../../api/inference-cluster.ts'
import { few } from '../../api/schema/text.ts'
import { type Violation, violation } from '../../api/violation.ts'
import { type EffectiveClass, effectiveClass } from '../../storage/effective-class.ts'
import { attestHint, type RwxCapability, rwxCapability } from '../../storage/rwx.ts'
import { thisCluster } from '../../storage/this-cluster.ts'
import type { ClusterView } from '../cluster-view.ts'
import { error } from '../finding.ts'
import type { Policy } from '../policy.ts'
import type { Rule } from './change.ts'

const FIELD = 'spec.storage.pvc.storageClassName'

/**
 * The effective StorageClass of backend PVC exists and supports ReadWriteMany.
 *
 * Runs on CREATE only: the field is immutable, and a class that was deleted later must not block a change of
 * labels.
 */
export const storageClass: Rule = ({ cache: { spec }, old }, view, policy) => {
  if (spec.storage.backend !== 'PVC' || old !== undefined) return []
  const effective = effectiveClass(spec, view, policy)
  const { found: storageClass, basis } = effective
  if (storageClass === undefined) return [error(missing(effective, view, policy), basis)]
  const { name } = storageClass.metadata
  const drivers = driversIn(view, policy)
  const capability = rwxCapability(storageClass, view.get('StorageProfile', undefined, name), drivers)
  if (capability.answer === 'yes') return []
  const said = notShared(`${origin(effective)} ${name}`, capability, name)
  const seen = [...basis, { kind: 'StorageProfile', name } as const]
  if (capability.answer === 'unknown' && policy.unknownProvisioner === 'Warn')
    return [{ ...error(said, seen), severity: 'warning' }]
  // Where the spec names no class, the list is there already. A driver may have been declared just now.
  const isNamed = spec.storage.pvc?.storageClassName !== undefined
  return [error(said, isNamed ? [...seen, { list: 'InferenceCluster' }] : seen)]
}

/** Where the name of the class comes from. The name follows these words. */
function origin({ name, inferenceCluster }: EffectiveClass): string {
  if (inferenceCluster !== undefined)
    return `${FIELD} is unset, and InferenceCluster ${inferenceCluster} names`
  return name === undefined ? `${FIELD} is unset, and the default class is` : FIELD
}

function missing(effective: EffectiveClass, view: ClusterView, policy: Policy): Violation {
  const { name } = effective
  const choice = choiceIn(view, policy)
  if (name === undefined) {
    const text = `${FIELD} is unset, and the cluster has no default StorageClass; ${choice}`
    return violation('NoStorageClass', FIELD, text)
  }
  const text = `${origin(effective)} ${name}: there is no such StorageClass; ${choice}`
  return violation('StorageClassNotFound', FIELD, text)
}

/** What the InferenceCluster of this cluster declares. */
function driversIn(view: ClusterView, { clusterName }: Policy): readonly DeclaredDriver[] | undefined {
  return thisCluster(view.list('InferenceCluster'), clusterName)?.spec.storage?.csiDrivers
}

/** We name this many classes at most. */
const SHOWN = 5

/** The classes that would do. Their reader may have no right to list them. */
function choiceIn(view: ClusterView, policy: Policy): string {
  const drivers = driversIn(view, policy)
  const names = [...view.list('StorageClass')]
    .filter(each => {
      const profile = view.get('StorageProfile', undefined, each.metadata.name)
      return rwxCapability(each, profile, drivers).answer === 'yes'
    })
    .map(({ metadata }) => metadata.name)
    .toSorted()
  return names.length === 0
    ? 'name one that supports ReadWriteMany; as far as we know, this cluster has none (see: kubectl get storageclass)'
    : `name one that supports ReadWriteMany: ${few(names, SHOWN)}`
}

function notShared(subject: string, { answer, by, because }: RwxCapability, name: string): Violation {
  const is = answer === 'no' ? 'does not support' : 'is not known to support'
  const advice = [
    ...(answer === 'no' ? ['use a class backed by a shared file system'] : []),
    // A profile lists what suits the disks of virtual machines. The driver may support more.
    ...(answer === 'unknown' || by === 'profile' ? [attestHint(name)] : []),
  ].join('; ')
  return violation(
    'StorageClassNotRWX',
    FIELD,
    `${subject}: it ${is} ReadWriteMany, because ${because}; ${advice}`,
  )
}
