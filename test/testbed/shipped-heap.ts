/** NODE_OPTIONS of the manifests, for a process that is in no container with this memory limit, in MiB. */
export function shippedHeap(limitMiB: number): string {
  return `--max-old-space-size=${Math.floor(limitMiB * 0.6)} ${YOUNG_GENERATION}`
}

export const YOUNG_GENERATION = '--max-semi-space-size=16'
