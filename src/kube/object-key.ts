/** Names an object within its kind; `namespace` is undefined for kinds that have none. */
export function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`
}
