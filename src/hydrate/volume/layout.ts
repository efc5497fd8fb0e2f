import { join } from 'node:path'
import { snapshotPath } from '../../api/volume-layout.ts'

/**
 * Where things are on a volume. Everything except snapshots is in one hidden folder, for the hydrator alone.
 */
export function layoutOf(volume: string) {
  const own = join(volume, '.modelcache')
  return {
    volume,
    own,
    /** One file for each complete snapshot. */
    manifest: (digest: string) => join(own, 'manifests', `${digest.replace(':', '-')}.json`),
    manifests: join(own, 'manifests'),
    /** Unfinished work, one folder for each identity of a source. */
    work: join(own, 'work'),
    workOf: (key: string) => join(own, 'work', key),
    snapshot: (digest: string) => join(volume, snapshotPath(digest)),
  }
}

export type Layout = ReturnType<typeof layoutOf>
