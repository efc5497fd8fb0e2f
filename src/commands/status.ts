import { KINDS } from '../cluster/kinds.ts'
import { statusTable } from '../inspect/status.ts'
import { listAll } from '../kube/list.ts'
import { clientFor, clientOptions } from './cluster-client.ts'
import type { Command } from './command.ts'
import { describeOptions, flag, type Option, parseCommand } from './options.ts'

const OPTIONS = {
  'all-namespaces': { schema: flag, short: 'A', help: 'ModelCaches of all namespaces' },
  ...clientOptions,
} satisfies Record<string, Option>

const HELP = `Usage: modelcache status [NAME…] [options]

Lists ModelCaches with how far they are, how many pods mount them, and why some are not Ready.

${describeOptions(OPTIONS)}

Exit codes: 0 listed, 1 a named ModelCache is missing, or the cluster cannot be asked, 2 wrong usage.
`

/** The role that lists ModelCaches for people. */
export const status: Command = {
  help: HELP,
  options: OPTIONS,
  operands: 'modelcaches',

  async run(argv) {
    const given = parseCommand(OPTIONS, argv, { operands: Number.POSITIVE_INFINITY })
    if (given === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const everywhere = given.options['all-namespaces']
    const { rest, namespace } = clientFor(given.options)
    const where = everywhere ? {} : { namespace }
    const [caches, pods] = await Promise.all([
      listAll(rest, KINDS.ModelCache, where),
      listAll(rest, KINDS.Pod, where),
    ])
    const named = new Set(given.operands)
    const shown = caches.filter(({ metadata }) => named.size === 0 || named.has(metadata.name))
    const missing = [...named].filter(name => !shown.some(({ metadata }) => metadata.name === name))
    if (shown.length > 0) process.stdout.write(statusTable(shown, pods, { everywhere, now: Date.now() }))
    else if (missing.length === 0)
      console.error(`there is no ModelCache ${everywhere ? 'in this cluster' : `in namespace ${namespace}`}`)
    for (const name of missing) console.error(`there is no ModelCache ${namespace}/${name}`)
    return missing.length > 0 ? 1 : 0
  },
}
