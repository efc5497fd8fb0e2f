import { parseQuantity } from '../../api/kubernetes/quantity.ts'
import type { ResourceQuota } from '../../api/kubernetes/resource-quota.ts'
import { effectiveClass } from '../../storage/effective-class.ts'
import type { ObjectRef } from '../cluster-view.ts'
import { type Finding, warning } from '../finding.ts'
import type { Change, Rule } from './change.ts'

/** How much a claim adds to the usage of each resource that quotas limit. */
type Request = Readonly<Record<string, string>>

/**
 * The quotas of the namespace have room for the claim of backend PVC, or for its growth. Quotas are enforced
 * when the claim is created, so this is a warning. Runs on CREATE and when the size grows. Usage is what the
 * quota controller counted last.
 *
 * A claim is counted as the API server does: persistent_volume_claims.go in
 * k8s.io/kubernetes/pkg/quota/v1/evaluator/core.
 */
export const storageQuota: Rule = (change, view, policy) => {
  const { cache, namespace, old } = change
  const isNew = old === undefined
  const storage = addedStorage(change)
  if (cache.spec.storage.backend !== 'PVC' || (!isNew && storage === undefined)) return []
  const quotas = [...view.list('ResourceQuota', namespace)]
  if (quotas.length === 0) return []
  // If there is no class at all, another rule denies the change.
  const { name, found, basis } = effectiveClass(cache.spec, view, policy)
  const ofClass = `${name ?? found?.metadata.name}.storageclass.storage.k8s.io`
  const ofAny: Request = {
    ...(storage && { 'requests.storage': storage }),
    ...(isNew && { persistentvolumeclaims: '1', 'count/persistentvolumeclaims': '1' }),
  }
  const ofThis: Request = {
    ...(storage && { [`${ofClass}/requests.storage`]: storage }),
    ...(isNew && { [`${ofClass}/persistentvolumeclaims`]: '1' }),
  }
  return quotas.flatMap(quota => [...refusals(quota, ofAny, []), ...refusals(quota, ofThis, basis)])
}

/**
 * The size of a new claim, or the growth of an old one; undefined if it is zero or not known yet. A first
 * size in an update replaces a measured one, so we do not know how much it adds.
 */
function addedStorage({ cache, old }: Change): string | undefined {
  const now = cache.spec.storage.pvc?.sizeGiB
  const before = old === undefined ? 0 : old.spec.storage.pvc?.sizeGiB
  return now === undefined || before === undefined || now <= before ? undefined : `${now - before}Gi`
}

function refusals(quota: ResourceQuota, request: Request, basis: readonly ObjectRef[]): Finding[] {
  const { metadata, spec, status } = quota
  const limits = status?.hard ?? spec?.hard ?? {}
  return Object.entries(request).flatMap(([resource, more]) => {
    const limit = limits[resource]
    const used = status?.used?.[resource] ?? '0'
    if (limit === undefined || !exceeds(used, more, limit)) return []
    const text = `ResourceQuota ${metadata.name} would deny the claim: ${resource} has ${used} of ${limit} in use, and the claim needs ${more} more; free some storage, or raise the quota`
    return [warning('StorageQuotaExceeded', 'spec.storage', text, basis)]
  })
}

/** Whether the numbers exceed the quota. Text that is not a quantity counts as no. */
function exceeds(used: string | number, more: string, limit: string | number): boolean {
  const [has, adds, most] = [used, more, limit].map(parseQuantity)
  return has !== undefined && adds !== undefined && most !== undefined && has + adds > most
}
