import type { ModelCache } from '../../api/modelcache.ts'
import { REFETCH } from '../../api/names.ts'

/** Whether the refetch annotation has a value that was not handled yet. */
export function isToBeStagedAgain({ metadata, status }: ModelCache): boolean {
  const wanted = metadata.annotations?.[REFETCH]
  return wanted !== undefined && wanted !== status?.hydration?.refetch
}

/** The command that stages a cache again, for messages. */
export function refetchCommand({ metadata }: ModelCache): string {
  const { namespace, name } = metadata
  return `kubectl -n ${namespace} annotate modelcache/${name} --overwrite ${REFETCH}="$(date)"`
}
