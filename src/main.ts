#!/usr/bin/env node
import './process/heap-tuning.ts'
import './process/early-termination.ts'
import { basename } from 'node:path'
import { errorMessage, printableLines } from './api/schema/text.ts'
import { UsageError } from './commands/options.ts'
import { describeRoles, type Role, roleOf, SERVICES, splitRole, TOOLS } from './commands/roles.ts'
import { version } from './commands/version.ts'

/** kubectl runs what is called kubectl-modelcache on the PATH as `kubectl modelcache`. */
const PLUGIN = basename(process.argv[1] ?? '').startsWith('kubectl')
const PROGRAM = PLUGIN ? 'kubectl modelcache' : 'modelcache'

const HELP = `Usage: ${PROGRAM} ROLE [options]

Stages model weights once per cluster and mounts them read-only into every pod that asks.

${describeRoles(TOOLS)}${PLUGIN ? '' : `\n\nIn the pods of an installation:\n\n${describeRoles(SERVICES)}`}

${PROGRAM} ROLE --help lists the options of a role, and ${PROGRAM} --version prints the version.
`

process.exitCode = await main(process.argv.slice(2))

/** Exit codes: 0 done, 1 failed, 2 wrong command line. */
async function main(words: string[]): Promise<number> {
  const { role, argv } = splitRole(words)
  if (role === undefined || ['--help', '-h', 'help'].includes(role)) {
    process[role === undefined ? 'stderr' : 'stdout'].write(HELP)
    return role === undefined ? 2 : 0
  }
  if (['--version', '-V', 'version'].includes(role)) {
    process.stdout.write(`modelcache ${version()}\n`)
    return 0
  }
  if (role === '__complete') {
    const { complete } = await import('./commands/complete.ts')
    process.stdout.write(await complete(argv))
    return 0
  }
  const known = roleOf(role)
  if (known === undefined) {
    console.error(printableLines(`${PROGRAM}: ${role} is not a role; see: ${PROGRAM} --help`))
    return 2
  }
  return run(role, known, argv)
}

async function run(role: string, { load }: Role, argv: string[]): Promise<number> {
  try {
    return await (await load()).run(argv)
  } catch (error) {
    console.error(printableLines(`${PROGRAM} ${role}: ${errorMessage(error)}`))
    const isUsage = error instanceof UsageError
    if (isUsage) console.error(`see: ${PROGRAM} ${role} --help`)
    const code = isUsage ? 2 : 1
    // Watches that a service has started by then would keep the process alive.
    if (Object.hasOwn(SERVICES, role)) process.exit(code)
    return code
  }
}
