import { setTimeout as pause } from 'node:timers/promises'
import type { ModelCache } from '../api/modelcache.ts'
import { KINDS } from '../cluster/kinds.ts'
import { waited } from '../inspect/wait.ts'
import { isNotFound } from '../kube/api-error.ts'
import { objectPath, parseObject } from '../kube/resource.ts'
import { type Client, clientFor, clientOptions } from './cluster-client.ts'
import type { Command } from './command.ts'
import { describeOptions, duration, type Option, parseCommand, UsageError } from './options.ts'

const HOUR = 3_600_000

const OPTIONS = {
  timeout: {
    schema: duration.default(HOUR),
    value: 'TIME',
    help: 'give up after this time, such as 90s or 2h; default 1h',
  },
  ...clientOptions,
} satisfies Record<string, Option>

const HELP = `Usage: modelcache wait NAME… [options]

Waits until every named ModelCache is Ready, and says on the way how far it is. It ends as soon as one has failed, with
what to do about it, where kubectl wait would wait on without a word.

${describeOptions(OPTIONS)}

Exit codes: 0 all are Ready, 1 one has failed or does not exist, or the time is up, 2 wrong usage.
`

/** How often the state is read, in milliseconds. */
const EVERY_MS = 2_000

/** The role that waits for caches. */
export const wait: Command = {
  help: HELP,
  options: OPTIONS,
  operands: 'modelcaches',

  async run(argv) {
    const given = parseCommand(OPTIONS, argv, { operands: Number.POSITIVE_INFINITY })
    if (given === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    if (given.operands.length === 0) throw new UsageError('name a ModelCache')
    const client = clientFor(given.options)
    const deadline = Date.now() + given.options.timeout
    const names = given.operands.map(name => name.replace(/^(modelcaches?|mc)\//, ''))
    const ended = await Promise.all(names.map(name => untilEnded(client, name, deadline)))
    return ended.every(isReady => isReady) ? 0 : 1
  },
}

async function untilEnded(client: Client, name: string, deadline: number): Promise<boolean> {
  let told = ''
  const tell = (words: string) => {
    if (words !== told) process.stdout.write(`modelcache/${name} ${words}\n`)
    told = words
  }
  for (;;) {
    const cache = await read(client, name)
    const { state, words } = cache === undefined ? MISSING : waited(cache)
    tell(words)
    if (state !== 'going') return state === 'ready'
    if (Date.now() > deadline) {
      tell(`is not Ready in time; see: kubectl modelcache why modelcache/${name}`)
      return false
    }
    await pause(EVERY_MS)
  }
}

const MISSING = { state: 'failed', words: 'does not exist' } as const

async function read({ rest, namespace }: Client, name: string): Promise<ModelCache | undefined> {
  try {
    const reply = await rest.get(objectPath(KINDS.ModelCache, namespace, name))
    const parsed = parseObject(KINDS.ModelCache, reply)
    if (!parsed.success) throw new Error(`this version cannot read ModelCache ${namespace}/${name}`)
    return parsed.data
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
