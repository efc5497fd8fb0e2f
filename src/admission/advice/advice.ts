import type { PodAdvice } from './consumer.ts'
import { containersNotChosen } from './containers-not-chosen.ts'
import { hubCacheReadOnly } from './hub-cache-read-only.ts'
import { modelPathMismatch } from './model-path-mismatch.ts'
import { pathNotMounted } from './path-not-mounted.ts'

/** Every rule that warns about a pod that names caches, or about its template, the most useful first. */
export const POD_ADVICE: readonly PodAdvice[] = [
  modelPathMismatch,
  hubCacheReadOnly,
  pathNotMounted,
  containersNotChosen,
]
