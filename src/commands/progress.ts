import { type Counts, progressBar, progressLine } from '../hydrate/progress.ts'

/** Fewer lines than would annoy a reader, and more than status needs. */
const LINE_MS = 5_000
const BAR_MS = 200

/** Shows progress: a bar on a terminal, otherwise a line now and then. Returns a function that stops this. */
export function showProgress(counts: Counts): () => void {
  const startedAt = performance.now()
  if (!process.stderr.isTTY) {
    const timer = setInterval(() => process.stdout.write(`${progressLine(counts)}\n`), LINE_MS).unref()
    return () => clearInterval(timer)
  }
  const draw = () =>
    process.stderr.write(`\r\x1b[K${progressBar(counts, (performance.now() - startedAt) / 1000)}`)
  const timer = setInterval(draw, BAR_MS).unref()
  return () => {
    clearInterval(timer)
    draw()
    process.stderr.write('\n')
  }
}
