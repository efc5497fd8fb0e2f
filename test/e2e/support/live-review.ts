import { inject } from 'vitest'
import { readCluster } from '../../../src/commands/live-cluster.ts'
import { adviseLive } from '../../../src/review/advice.ts'
import { review } from '../../../src/review/review.ts'
import type { Reviewed } from '../../../src/review/verdict.ts'
import { manifestsOf } from './case-files.ts'

/**
 * What `modelcache review --live` finds in a text, as if it were applied in a namespace of the shared control
 * plane.
 */
export async function reviewLive(
  file: string,
  text: string,
  namespace: string,
  { assumeReady = false } = {},
): Promise<Reviewed[]> {
  const { view, readUnknown } = await readCluster(inject('cluster').kubeconfig)
  return review(manifestsOf(file, text, namespace).manifests, {
    base: view,
    readUnknown,
    advise: adviseLive,
    assumeReady,
    unknownProvisioner: 'Deny',
  })
}
