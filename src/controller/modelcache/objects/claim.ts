import { managedClaimOf } from '../../../api/managed-claim.ts'
import type { ModelCache } from '../../../api/modelcache.ts'
import { madeFor } from './made-for.ts'

/** The claim of a cache. It names its class, so that a new default class changes nothing. */
export function claim(cache: ModelCache, storageClassName: string, sizeGiB: number): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: managedClaimOf(cache), ...madeFor(cache) },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName,
      resources: { requests: { storage: `${sizeGiB}Gi` } },
    },
  }
}
