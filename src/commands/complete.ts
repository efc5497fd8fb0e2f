import { z } from 'zod'
import { KINDS } from '../cluster/kinds.ts'
import { collectionPath } from '../kube/resource.ts'
import type { Rest } from '../kube/rest.ts'
import { clientFor } from './cluster-client.ts'
import type { Command } from './command.ts'
import type { Option } from './options.ts'
import { roleOf, SERVICES, splitRole, TOOLS } from './roles.ts'

/** Whether the shell may complete names of files where we know nothing. As Cobra writes it, for kubectl. */
const FILES = ':0'
const NO_FILES = ':4'

/** A shell waits this long for names, in milliseconds. */
const PATIENCE_MS = 2_000
const MAX_NAMES = 500

/** What people look at with `why`, besides caches. */
const WORKLOADS = [
  { word: 'pod', apiVersion: 'v1', plural: 'pods' },
  { word: 'deployment', apiVersion: 'apps/v1', plural: 'deployments' },
  { word: 'statefulset', apiVersion: 'apps/v1', plural: 'statefulsets' },
  { word: 'leaderworkerset', apiVersion: 'leaderworkerset.x-k8s.io/v1', plural: 'leaderworkersets' },
]

/** What may stand where the last word begins: one candidate in a line, and a last line about files. */
export async function complete(words: readonly string[]): Promise<string> {
  const { candidates, files } = await candidatesFor(words)
  const last = words.at(-1) ?? ''
  const fitting = candidates.filter(each => each.startsWith(last))
  return [...fitting, files ? FILES : NO_FILES].map(line => `${line}\n`).join('')
}

interface Candidates {
  candidates: readonly string[]
  files?: boolean
}

async function candidatesFor(words: readonly string[]): Promise<Candidates> {
  const roles = Object.keys({ ...TOOLS, ...SERVICES }).map(name => name.split(' '))
  if (words.length <= 1)
    return { candidates: [...new Set(roles.map(([first = '']) => first)), '--help', '--version'] }
  const { role = '', argv: rest } = splitRole(words)
  const second = roles.flatMap(([first, ...more]) => (first === role ? more : []))
  if (rest.length === 1 && second.length > 0 && !rest[0]?.startsWith('-')) return { candidates: second }
  const command = await roleOf(role)?.load()
  if (command === undefined) return { candidates: [] }
  const options = Object.entries(command.options)
  const before = rest.at(-2) ?? ''
  const pending = options.find(
    ([name, { short }]) => before === `--${name}` || (short !== undefined && before === `-${short}`),
  )
  if (pending !== undefined && pending[1].value !== undefined)
    return { candidates: valuesOf(pending[1]), files: /FILE|DIR/.test(pending[1].value) }
  if (rest.at(-1)?.startsWith('-')) return { candidates: [...options.map(([name]) => `--${name}`), '--help'] }
  return operandsOf(command, rest)
}

/** The values of an option that has only a few. */
function valuesOf({ value = '' }: Option): string[] {
  return value.includes('|') && !/FILE|DIR/.test(value) ? value.split('|') : []
}

async function operandsOf({ operands }: Command, words: readonly string[]): Promise<Candidates> {
  if (operands === 'shells') return { candidates: ['bash', 'zsh', 'fish'] }
  if (operands === undefined) return { candidates: [], files: true }
  try {
    const { rest, namespace } = clientFor({
      namespace: givenFor(words, '-n', '--namespace'),
      context: givenFor(words, '--context'),
      kubeconfig: givenFor(words, '--kubeconfig'),
    })
    const caches = await namesOf(rest, KINDS.ModelCache, namespace)
    if (operands === 'modelcaches') return { candidates: caches }
    const workloads = await Promise.all(
      WORKLOADS.map(async each => (await namesOf(rest, each, namespace)).map(name => `${each.word}/${name}`)),
    )
    return { candidates: [...workloads.flat(), ...caches.map(name => `modelcache/${name}`)] }
  } catch {
    // Whoever presses Tab wants no error.
    return { candidates: [] }
  }
}

function givenFor(words: readonly string[], ...options: string[]): string | undefined {
  const at = words.findIndex(word => options.includes(word))
  if (at !== -1) return words[at + 1]
  const joined = words.find(word => options.some(option => word.startsWith(`${option}=`)))
  return joined?.slice(joined.indexOf('=') + 1)
}

const list = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) })

async function namesOf(
  rest: Rest,
  resource: Parameters<typeof collectionPath>[0],
  namespace: string,
): Promise<string[]> {
  const options = { query: { limit: MAX_NAMES }, timeoutMs: PATIENCE_MS }
  const reply = await rest.get(collectionPath(resource, namespace), options).catch(() => undefined)
  return (list.safeParse(reply).data?.items ?? []).map(({ metadata }) => metadata.name)
}
