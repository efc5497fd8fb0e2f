import type { HydrationDefaults } from '../../../api/hydration-defaults.ts'
import { managedClaimOf } from '../../../api/managed-claim.ts'
import type { ModelCache } from '../../../api/modelcache.ts'
import { madeFor } from './made-for.ts'

/** What the controller has decided about a new claim. */
export interface NewClaim {
  storageClassName: string
  sizeGiB: number
}

/** The claim of a cache. It names its class, so that a new default class changes nothing. */
export function claim(
  cache: ModelCache,
  { storageClassName, sizeGiB }: NewClaim,
  defaults: HydrationDefaults = {},
): object {
  const { labels, ...made } = madeFor(cache)
  const { pvc } = cache.spec.storage
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: managedClaimOf(cache),
      ...made,
      labels: { ...defaults.labels, ...pvc?.labels, ...labels },
      annotations: { ...defaults.annotations, ...pvc?.annotations },
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName,
      resources: { requests: { storage: `${sizeGiB}Gi` } },
    },
  }
}
