import { parseArgs } from 'node:util'
import { growAll } from './growing.ts'
import { run, SERVED_EVERY } from './run.ts'

const HELP = `Usage: make fuzz [N=1000000] [SEED=number] [GROW=1]

Asks the product and the oracle of test/fuzz/oracle/ about generated reviews, and ends at the first disagreement with a
minimal case. One review in ${SERVED_EVERY} also goes through the server, most of these made hostile as text.

  --n      how many reviews, default 1000000
  --seed   decides them all, default from the clock
  --from   the number of the first review, default 0: replays one with --n 1
  --grow   make each text, list, map and key of a review in turn a megabyte large, and fail where that takes over 50 ms, longer than its
           size explains, or memory of over 20 times the size; --n is then 100 by default
`

const REPORT_EVERY_MS = 5000

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '' },
    grow: { type: 'boolean', default: false },
    seed: { type: 'string', default: '' },
    from: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})

function number(name: 'n' | 'seed' | 'from', otherwise: number): number {
  const value = values[name] === '' ? otherwise : Number(values[name])
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`--${name} takes a whole number, not ${values[name]}\n\n${HELP}`)
  process.exit(2)
}

async function fuzz(): Promise<void> {
  const [n, seed, from] = [
    number('n', values.grow ? 100 : 1_000_000),
    number('seed', Date.now() % 2 ** 31),
    number('from', 0),
  ]
  console.log(`fuzz: ${n} reviews of seed ${seed}`)
  const startedAt = performance.now()
  let reportedAt = startedAt
  const rateOf = (done: number) => Math.round((done * 1000) / (performance.now() - startedAt))
  const progress = (done: number) => {
    if (performance.now() - reportedAt < REPORT_EVERY_MS) return
    reportedAt = performance.now()
    console.log(`  ${done} of ${n}, ${rateOf(done)} a second`)
  }
  if (values.grow) {
    const wrong = growAll({ n, seed, from }, { progress })
    console.log(wrong ?? `fuzz: ${n} reviews grown, all linear, within their time and memory`)
    process.exitCode = wrong === undefined ? 0 : 1
    return
  }
  const failure = await run({ n, seed, from }, progress)
  if (failure === undefined) {
    console.log(`fuzz: ${n} reviews, ${rateOf(n)} a second, 0 disagreements, 0 crashes`)
    return
  }
  const { index, what, minimal } = failure
  console.error(`\nreview ${index}: ${what}\n\nminimal case:\n${JSON.stringify(minimal, null, 2)}\n`)
  console.error(`replay: npm run fuzz -- --seed ${seed} --from ${index} --n 1`)
  process.exitCode = 1
}

if (values.help) process.stdout.write(HELP)
else await fuzz()
