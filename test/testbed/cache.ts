import { homedir } from 'node:os'
import { join } from 'node:path'

/** The folder of what is created once and kept, for all working copies. */
export function cacheRoot(): string {
  const { MODELCACHE_TESTBED_CACHE: own, XDG_CACHE_HOME: shared } = process.env
  if (own) return own
  return join(shared || join(homedir(), '.cache'), 'modelcache-testbed')
}
