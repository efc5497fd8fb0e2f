#!/usr/bin/env node
import './process/hydrator-tuning.ts'
import { errorMessage, printableLines } from './api/schema/text.ts'
import type { Command } from './commands/command.ts'
import { UsageError } from './commands/options.ts'

/** A role of the one binary. Only the chosen one is loaded: `review` needs nothing of a server. */
interface Role {
  /** One line for `modelcache --help`. */
  summary: string
  load(): Promise<Command>
}

const ROLES: Record<string, Role> = {
  webhook: {
    summary: 'serve the admission webhooks',
    load: async () => (await import('./commands/webhook.ts')).webhook,
  },
  controller: {
    summary: 'stage ModelCaches, keep their status up to date, and remove the gates of pods',
    load: async () => (await import('./commands/controller.ts')).controller,
  },
  hydrate: {
    summary: 'write the snapshot of a ModelCache into a folder',
    load: async () => (await import('./commands/hydrate.ts')).hydrate,
  },
  verify: {
    summary: 'check that a snapshot is still what was staged',
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  review: {
    summary: 'check manifests with the rules of the webhooks',
    load: async () => (await import('./commands/review.ts')).review,
  },
}

const HELP = `Usage: modelcache ROLE [options]

Stages model weights once per cluster and mounts them read-only into every pod that asks.

${Object.entries(ROLES)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  .join('\n')}

modelcache ROLE --help lists the options of a role.
`

process.exitCode = await main(process.argv.slice(2))

/** Exit codes: 0 done, 1 failed, 2 wrong command line. */
async function main([role, ...argv]: string[]): Promise<number> {
  if (role === undefined || role === '--help' || role === '-h' || role === 'help') {
    process[role === undefined ? 'stderr' : 'stdout'].write(HELP)
    return role === undefined ? 2 : 0
  }
  const known = Object.hasOwn(ROLES, role) ? ROLES[role] : undefined
  if (known === undefined) {
    console.error(printableLines(`modelcache: ${role} is not a role; see: modelcache --help`))
    return 2
  }
  try {
    return await (await known.load()).run(argv)
  } catch (error) {
    console.error(printableLines(`modelcache ${role}: ${errorMessage(error)}`))
    if (error instanceof UsageError) {
      console.error(`see: modelcache ${role} --help`)
      return 2
    }
    return 1
  }
}
