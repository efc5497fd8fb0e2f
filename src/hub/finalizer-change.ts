/**
 * Whether to add a finalizer (true) or to remove it (false); undefined if nothing is to be done. The API
 * server accepts no new finalizer on an object that is being deleted.
 */
export function finalizerChange({
  isNeeded,
  isPresent,
  isDeleted,
}: {
  isNeeded: boolean
  isPresent: boolean
  isDeleted: boolean
}): boolean | undefined {
  if (isNeeded === isPresent) return undefined
  return isNeeded && isDeleted ? undefined : isNeeded
}
