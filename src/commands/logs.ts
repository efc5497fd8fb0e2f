import { HYDRATOR_CONTAINER } from '../api/kubernetes/hydration-pod.ts'
import { printableLines } from '../api/schema/text.ts'
import { readCache } from '../inspect/read-scene.ts'
import { objectPath } from '../kube/resource.ts'
import { clientFor, clientOptions } from './cluster-client.ts'
import type { Command } from './command.ts'
import { describeOptions, lineCount, type Option, parseCommand, UsageError } from './options.ts'

const OPTIONS = {
  tail: { schema: lineCount.default(100), value: 'LINES', help: 'this many lines from the end; default 100' },
  ...clientOptions,
} satisfies Record<string, Option>

const HELP = `Usage: modelcache logs NAME [options]

Prints the end of the log of the newest hydration pod of a ModelCache. Follow it with
kubectl logs --follow job/JOB, whose name this prints first, to stderr.

${describeOptions(OPTIONS)}

Exit codes: 0 printed, 1 there is no such ModelCache or no such pod, or the cluster cannot be asked, 2 wrong usage.
`

const MAX_BYTES = 4 * 2 ** 20

/** The role that shows what a hydrator says. */
export const logs: Command = {
  help: HELP,
  options: OPTIONS,
  operands: 'modelcaches',

  async run(argv) {
    const given = parseCommand(OPTIONS, argv, { operands: 1 })
    if (given === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const [name] = given.operands
    if (name === undefined) throw new UsageError('name a ModelCache')
    const { rest, namespace } = clientFor(given.options)
    const { cache, job, pods } = await readCache(rest, namespace, name)
    if (cache === undefined) throw new Error(`there is no ModelCache ${namespace}/${name}`)
    const newest = pods.toSorted((one, other) => timeOf(one).localeCompare(timeOf(other))).at(-1)
    if (newest === undefined)
      throw new Error(
        `ModelCache ${namespace}/${name} has no hydration pod now; see: kubectl modelcache why modelcache/${name}`,
      )
    const pod = newest.metadata.name
    console.error(`pod ${pod}${job === undefined ? '' : ` of job/${job.metadata.name}`}`)
    const path = objectPath({ apiVersion: 'v1', plural: 'pods' }, namespace, pod)
    const text = await rest.log(path, {
      container: HYDRATOR_CONTAINER,
      tailLines: given.options.tail,
      limitBytes: MAX_BYTES,
    })
    process.stdout.write(printableLines(text))
    return 0
  },
}

const timeOf = ({ metadata }: { metadata: { creationTimestamp?: string | undefined } }) =>
  metadata.creationTimestamp ?? ''
