/** Identifies an object within its kind. `namespace` is undefined for kinds without namespaces. */
export function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`
}
