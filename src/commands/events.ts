import { eventLine, inOrder } from '../inspect/events.ts'
import { objectsOf, readCache, readEvents } from '../inspect/read-scene.ts'
import { line } from '../inspect/words.ts'
import { clientFor, clientOptions } from './cluster-client.ts'
import type { Command } from './command.ts'
import { describeOptions, parseCommand, UsageError } from './options.ts'

const HELP = `Usage: modelcache events NAME [options]

Lists the events of a ModelCache, its claim, its hydration Job and the pods of that, in the order of time.

${describeOptions(clientOptions)}

Exit codes: 0 listed, 1 there is no such ModelCache, or the cluster cannot be asked, 2 wrong usage.
`

/** The role that lists what happened to a cache. */
export const events: Command = {
  help: HELP,
  options: clientOptions,
  operands: 'modelcaches',

  async run(argv) {
    const given = parseCommand(clientOptions, argv, { operands: 1 })
    if (given === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const [name] = given.operands
    if (name === undefined) throw new UsageError('name a ModelCache')
    const { rest, namespace } = clientFor(given.options)
    const scene = await readCache(rest, namespace, name)
    if (scene.cache === undefined) throw new Error(`there is no ModelCache ${namespace}/${name}`)
    const found = await readEvents(rest, namespace, objectsOf(scene))
    const now = Date.now()
    for (const event of inOrder([...found.values()].flat())) {
      const { kind, name: of } = event.involvedObject
      process.stdout.write(`${line(kind, 60)}/${line(of, 253)}  ${eventLine(event, now)}\n`)
    }
    if ([...found.values()].flat().length === 0)
      console.error('no events; the API server keeps them for an hour')
    return 0
  },
}
