import { benchDecisions } from './decide.ts'
import { benchServer } from './serve.ts'

const HELP = `Usage: make bench

Measures the admission path on this machine: the decision on one pod with 10, 1,000 and 10,000 caches in memory, and
the whole path of a review over https on loopback. Medians of five rounds, after a warm-up.
`

if (process.argv.includes('--help')) {
  process.stdout.write(HELP)
} else {
  console.log(`node ${process.version}, ${process.platform} ${process.arch}\n`)
  benchDecisions()
  await benchServer()
}
