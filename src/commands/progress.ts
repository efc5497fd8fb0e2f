import { printable } from '../api/schema/text.ts'
import { type Counts, progressBar, progressLine } from '../hydrate/progress.ts'
import { onTrouble, type Trouble } from '../hydrate/trouble.ts'

/** Fewer lines than would annoy a reader, and more than status needs. */
const LINE_MS = 5_000
const BAR_MS = 200

/** Shows progress: a bar on a terminal, otherwise a line now and then. Returns a function that stops this. */
export function showProgress(counts: Counts): () => void {
  const startedAt = performance.now()
  const troubles = followTroubles(counts)
  if (!process.stderr.isTTY) {
    const show = () => process.stdout.write(`${progressLine(counts, troubles.current())}\n`)
    const timer = setInterval(show, LINE_MS).unref()
    return () => {
      clearInterval(timer)
      troubles.stop()
    }
  }
  const draw = () => {
    const trouble = troubles.current()
    const bar = progressBar(counts, (performance.now() - startedAt) / 1000)
    const text = trouble === undefined ? bar : `${bar}  ${printable(trouble.message)}`
    process.stderr.write(`\r\x1b[K${text.slice(0, process.stderr.columns)}`)
  }
  const timer = setInterval(draw, BAR_MS).unref()
  return () => {
    clearInterval(timer)
    troubles.stop()
    draw()
    process.stderr.write('\n')
  }
}

/** The latest trouble, as long as nothing has come since: other connections may get on. */
function followTroubles(counts: Counts): { current(): Trouble | undefined; stop(): void } {
  let latest: Trouble | undefined
  let bytes = 0
  const stop = onTrouble(trouble => {
    latest = trouble
    bytes = counts.bytes
  })
  return { current: () => (counts.bytes === bytes ? latest : undefined), stop }
}
