/**
 * NODE_OPTIONS as in the manifests, for a process outside of containers. `limitMiB` stands for its memory
 * limit.
 */
export function shippedHeap(limitMiB: number): string {
  return `--max-old-space-size=${Math.floor(limitMiB * 0.6)} ${YOUNG_GENERATION}`
}

export const YOUNG_GENERATION = '--max-semi-space-size=16'
