import { explain } from '../inspect/explain.ts'
import { readScene } from '../inspect/read-scene.ts'
import { readTarget } from '../inspect/targets.ts'
import { clientFor, clientOptions } from './cluster-client.ts'
import type { Command } from './command.ts'
import { describeOptions, parseCommand, UsageError } from './options.ts'

const HELP = `Usage: modelcache why POD|KIND/NAME [options]

Says in one screen why the pods of a workload run or do not: from the workload and its pods to its caches, their claims
and Jobs, and the events that explain it. It also takes modelcache/NAME. Nothing is written.

${describeOptions(clientOptions)}

    kubectl modelcache why deployment/llama
    kubectl modelcache why llama-gang-0-1

Exit codes: 0 explained, 1 there is no such object, or the cluster cannot be asked, 2 wrong usage.
`

/** The role that explains why pods do not run. */
export const why: Command = {
  help: HELP,
  options: clientOptions,
  operands: 'targets',

  async run(argv) {
    const given = parseCommand(clientOptions, argv, { operands: 2 })
    if (given === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    if (given.operands.length === 0)
      throw new UsageError('name a pod or a workload, such as deployment/llama')
    const target = readTarget(given.operands)
    const { rest, namespace } = clientFor(given.options)
    process.stdout.write(explain(await readScene(rest, namespace, target), Date.now()))
    return 0
  },
}
