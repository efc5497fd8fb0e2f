import { parseArgs } from 'node:util'
import { run, SERVED_EVERY } from './run.ts'

const HELP = `Usage: make fuzz [N=1000000] [SEED=number]

Asks the product and the oracle of test/fuzz/oracle/ about generated reviews, and ends at the first disagreement with a
minimal case. One review in ${SERVED_EVERY} also goes through the server, most of these made hostile as text.

  --n      how many reviews, default 1000000
  --seed   decides them all, default from the clock
  --from   the number of the first review, default 0: replays one with --n 1
`

const REPORT_EVERY_MS = 5000

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '1000000' },
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
  const [n, seed, from] = [number('n', 1_000_000), number('seed', Date.now() % 2 ** 31), number('from', 0)]
  console.log(`fuzz: ${n} reviews of seed ${seed}`)
  const startedAt = performance.now()
  let reportedAt = startedAt
  const rateOf = (done: number) => Math.round((done * 1000) / (performance.now() - startedAt))
  const failure = await run({ n, seed, from }, done => {
    if (performance.now() - reportedAt < REPORT_EVERY_MS) return
    reportedAt = performance.now()
    console.log(`  ${done} of ${n}, ${rateOf(done)} a second`)
  })
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
