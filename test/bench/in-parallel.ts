/** Calls in progress at once: as many as there are kept connections. */
const CONCURRENCY = 32

/** Does work number 0 to `count - 1`, several at a time. */
export async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}
