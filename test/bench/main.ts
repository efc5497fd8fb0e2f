import { parseArgs } from 'node:util'
import { benchApiServer } from './admission/apiserver.ts'
import { benchScale } from './admission/decision-scale.ts'
import { benchAdmission, lost } from './admission/main.ts'
import { profileAdmission } from './admission/profile.ts'
import { WORKS } from './admission/reviews.ts'
import { benchWorst } from './admission/worst-review.ts'
import { benchController } from './controller.ts'
import { benchFleet } from './fleet.ts'
import { benchMemory } from './memory.ts'
import { printRow, type Result, readBenchmarks, writeBenchmarks } from './results.ts'
import { benchRules } from './rules.ts'

const NAMES = [...WORKS.map(({ name }) => name), 'apiserver-added', 'decision-scale', 'worst-review']

const HELP = `Usage: make bench [ROWS=NAME,NAME] [ROUNDS=N] [UPDATE=1] | make bench-rules | make bench-memory |
make bench-controller | make bench-fleet | make bench-profile

bench measures reviews over https at 1, 8 and 64 connections, and takes medians of N rounds (5). It also measures a
server of Node.js that only parses reviews, a webhook on controller-runtime, and Pepr. It fails if the ratio to bare
Node.js is more than a tenth below the one in docs/benchmarks.json. UPDATE=1 writes the figures there instead, and npm
run generate writes docs/benchmarks.md. It needs Linux, two cores, and Go, and installs h2load.

bench-rules measures each kind of decision with 10, 1,000 and 10,000 caches in memory over 100 namespaces. bench-memory
starts the webhook and the controller on a real control plane, empty and with 10,000 caches and as many pods.
bench-controller has the controller stage a thousand caches at once. bench-fleet has the hub bring a thousand caches to
fifty clusters. bench-profile draws a flame graph of mutate-pod
into docs/.

Rows: ${NAMES.join(', ')}.
`

const { values } = parseArgs({
  options: {
    rules: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    controller: { type: 'boolean', default: false },
    fleet: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
    rows: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else if (values.profile) await profileAdmission()
else if (values.memory) await note(await benchMemory())
else if (values.controller) await note(await benchController())
else if (values.fleet) await note(await benchFleet())
else if (values.rules) benchRules()
else process.exitCode = await bench()

/** Prints rows. With --update, it also writes them to docs/benchmarks.json. */
async function note(measured: readonly Result[]): Promise<void> {
  for (const row of measured) printRow(row)
  if (values.update) await writeBenchmarks([...(await readBenchmarks()).rows, ...measured])
}

async function bench(): Promise<number> {
  const names = values.rows?.split(',') ?? NAMES
  const unknown = names.filter(name => !NAMES.includes(name))
  if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(', ')}`)
  const rounds = Number(values.rounds)
  const measured = [
    ...(await benchAdmission({ works: names, rounds })),
    ...(names.includes('apiserver-added') ? await benchApiServer(rounds) : []),
    ...(names.includes('decision-scale') ? [benchScale(rounds)] : []),
    ...(names.includes('worst-review') ? [benchWorst(rounds)] : []),
  ]
  const { rows: written } = await readBenchmarks()
  await note(measured)
  if (values.update) return 0
  const losses = lost(written, measured)
  for (const loss of losses) console.error(`slower than before: ${loss}`)
  return losses.length > 0 ? 1 : 0
}
