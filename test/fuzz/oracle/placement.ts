import { type Cluster, named } from './cluster.ts'
import { at, isObject, listAt, mapAt, textAt } from './json.ts'

/** The InferenceCluster for this cluster: the one with the chosen name, otherwise the only one. */
export function ownCluster({ inferenceClusters, clusterName }: Cluster): unknown {
  const only = inferenceClusters.length === 1 ? inferenceClusters[0] : undefined
  return clusterName === undefined ? only : named(inferenceClusters, clusterName)
}

/** DESIGN 10: whether the selector of a cache leaves this cluster out. */
export function isElsewhere(cache: unknown, cluster: Cluster): boolean {
  const selector = at(cache, 'spec', 'clusterSelector')
  if (!isObject(selector) || cluster.inferenceClusters.length === 0) return false
  const own = ownCluster(cluster)
  return own === undefined || !isSelected(selector, mapAt(own, 'metadata', 'labels'))
}

/** As `metav1.LabelSelector` says it. */
function isSelected(selector: unknown, labels: Record<string, unknown>): boolean {
  const value = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  const wanted = Object.entries(mapAt(selector, 'matchLabels'))
  if (wanted.some(([key, text]) => value(key) !== text)) return false
  return listAt(selector, 'matchExpressions').every(requirement => {
    const found = value(textAt(requirement, 'key') ?? '')
    const isListed = listAt(requirement, 'values').includes(found)
    switch (textAt(requirement, 'operator')) {
      case 'In':
        return found !== undefined && isListed
      case 'NotIn':
        return found === undefined || !isListed
      case 'Exists':
        return found !== undefined
      default:
        return found === undefined
    }
  })
}
