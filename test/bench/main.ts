import { benchMemory } from './memory.ts'
import { benchRules } from './rules.ts'
import { benchServer } from './serve.ts'

const HELP = `Usage: make bench | make bench-rules | make bench-memory

bench-rules measures each kind of decision with 10, 1,000 and 10,000 caches in memory over 100 namespaces. bench adds the
whole path of a review over https on loopback. Medians of five rounds, after a warm-up.

bench-memory starts the webhook and the controller on a real control plane, empty and with 10,000 caches and as many pods.
`

if (process.argv.includes('--help')) {
  process.stdout.write(HELP)
} else if (process.argv.includes('--memory')) {
  await benchMemory()
} else {
  console.log(`node ${process.version}, ${process.platform} ${process.arch}\n`)
  benchRules()
  if (!process.argv.includes('--rules')) {
    console.log('')
    await benchServer()
  }
}
