import { onDemand, type WatchSource } from '../../kube/watch-source.ts'

/** News of many clusters come together, and are worth one look. */
const NEWS_MS = 300

/** Says that something has changed about an object of the hub, by its namespace and name. */
export type Tell = (key: string) => void

/** A source that triggers a look at each object that has news, a moment after the first of them. */
export function createNews(): { source: WatchSource; tell: Tell } {
  const { source, wake } = onDemand()
  const told = new Set<string>()
  return {
    source,
    tell(key) {
      if (told.has(key)) return
      told.add(key)
      setTimeout(() => {
        told.delete(key)
        const [namespace, name = ''] = key.split('/')
        wake(namespace, name)
      }, NEWS_MS).unref()
    },
  }
}
