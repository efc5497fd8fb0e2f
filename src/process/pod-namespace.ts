import { readFileSync } from 'node:fs'

/** Where every pod with a service account finds its namespace. */
const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/** The namespace of the pod that this process runs in; undefined outside of one. */
export function podNamespace(file = NAMESPACE_FILE): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}
