import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** In a smaller heap there is nothing to gain. That of a role in an empty cluster has 40 MiB. */
const WORTH_BYTES = 80 * 1024 * 1024

/**
 * Gives back the memory that first lists have left behind. V8 leaves what we keep of a list where it was
 * parsed, spread over pages that are garbage otherwise, and moves it together only if memory runs out. With
 * 10,000 caches and 10,000 pods this gives back 130 MiB. It blocks the process for up to half a second.
 */
export function compactHeap(): void {
  if (process.memoryUsage().heapTotal < WORTH_BYTES) return
  // Node.js has no function for this, but V8 does, under a name that only new contexts see.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as NodeJS.GCFunction
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
