import { pino } from 'pino'
import {
  consumerPods,
  inferenceClusters,
  modelCaches,
  namespaces,
  persistentVolumeClaims,
  resourceQuotas,
  storageClasses,
  storageProfiles,
} from '../cluster/kinds.ts'
import { createStore } from '../kube/store.ts'

/** A store of each kind, all empty, which a test fills by hand. */
export function emptyStores(logger = pino({ level: 'silent' })) {
  return {
    storageClasses: createStore({ resource: storageClasses, logger }),
    storageProfiles: createStore({ resource: storageProfiles, logger }),
    modelCaches: createStore({ resource: modelCaches, logger }),
    inferenceClusters: createStore({ resource: inferenceClusters, logger }),
    claims: createStore({ resource: persistentVolumeClaims, logger }),
    namespaces: createStore({ resource: namespaces, logger }),
    resourceQuotas: createStore({ resource: resourceQuotas, logger }),
    consumers: createStore({ resource: consumerPods, logger }),
  }
}
