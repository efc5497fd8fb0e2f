import type { ModelCache } from '../../api/modelcache.ts'

const GIB = 2 ** 30
const MIB = 2 ** 20

/** Why a cache cannot be mounted yet, and what its user can do: the words of a CacheNotReady denial. */
export function notReadyText(namespace: string, cache: ModelCache): string {
  const { metadata, status } = cache
  const name = `ModelCache ${namespace}/${metadata.name}`
  const describe = `kubectl -n ${namespace} describe mc/${metadata.name}`
  if (metadata.deletionTimestamp !== undefined) {
    return `${name} is being deleted; wait until it is gone and create it again, or remove the reference`
  }
  const phase = status?.phase ?? 'Pending'
  if (phase === 'Failed') {
    const failed = status?.conditions?.find(({ type }) => type === 'Failed')
    return `${name} has Failed${failed ? ` (${failed.reason}: ${failed.message})` : ''}; see: ${describe}`
  }
  if (phase === 'Ready') return `${name} is Ready but reports no claim or digest to mount; see: ${describe}`
  return `${name} is ${phase}${progress(cache)}; wait with: kubectl -n ${namespace} wait --for=condition=Ready mc/${metadata.name}`
}

/** ` (62%, 87 of 140 GiB)`, or as much of it as is known; before there is progress, what the controller waits for. */
export function progress({ status }: ModelCache): string {
  const { progress: share, bytesStaged: staged, bytesTotal: total, conditions } = status ?? {}
  const bytes = staged !== undefined && total !== undefined ? stagedOf(staged, total) : undefined
  const known = [share, bytes].filter(part => part !== undefined)
  if (known.length > 0) return ` (${known.join(', ')})`
  const ready = conditions?.find(({ type }) => type === 'Ready')
  return ready?.message ? ` (${ready.message})` : ''
}

function stagedOf(staged: number, total: number): string {
  const [unit, size] = total >= GIB ? ['GiB', GIB] : ['MiB', MIB]
  return `${Math.floor(staged / size)} of ${Math.ceil(total / size)} ${unit}`
}
