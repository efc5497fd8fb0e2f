import type { Command } from './command.ts'

/** A role of the one binary. Only the chosen one is loaded: `review` needs nothing of a server. */
export interface Role {
  /** One line for `--help`. */
  summary: string
  load(): Promise<Command>
}

/** For people, at a terminal or in a pipeline. */
export const TOOLS: Readonly<Record<string, Role>> = {
  status: {
    summary: 'list ModelCaches, and why some are not Ready',
    load: async () => (await import('./status.ts')).status,
  },
  wait: {
    summary: 'wait until ModelCaches are Ready or have failed',
    load: async () => (await import('./wait.ts')).wait,
  },
  why: {
    summary: 'say why the pods of a workload run or do not',
    load: async () => (await import('./why.ts')).why,
  },
  events: {
    summary: 'list what happened to a ModelCache, its claim and its Job',
    load: async () => (await import('./events.ts')).events,
  },
  logs: {
    summary: 'print the log of what stages a ModelCache',
    load: async () => (await import('./logs.ts')).logs,
  },
  review: {
    summary: 'check manifests with the rules of the webhooks',
    load: async () => (await import('./review.ts')).review,
  },
  verify: {
    summary: 'check that a snapshot is still what was staged',
    load: async () => (await import('./verify.ts')).verify,
  },
  prune: {
    summary: 'remove snapshots from a volume',
    load: async () => (await import('./prune.ts')).prune,
  },
  hydrate: {
    summary: 'write the snapshot of a ModelCache into a folder',
    load: async () => (await import('./hydrate.ts')).hydrate,
  },
  'hub credentials': {
    summary: 'make an account for a hub in a cluster, and print what registers the cluster there',
    load: async () => (await import('./hub-credentials.ts')).hubCredentials,
  },
  completion: {
    summary: 'print the completion for a shell: bash, zsh or fish',
    load: async () => (await import('./completion.ts')).completion,
  },
}

/** For the pods of an installation. */
export const SERVICES: Readonly<Record<string, Role>> = {
  webhook: {
    summary: 'serve the admission webhooks',
    load: async () => (await import('./webhook.ts')).webhook,
  },
  controller: {
    summary: 'stage ModelCaches, keep their status up to date, and remove the gates of pods',
    load: async () => (await import('./controller.ts')).controller,
  },
  hub: {
    summary: 'say of each InferenceCluster whether caches can be staged there',
    load: async () => (await import('./hub.ts')).hub,
  },
}

/** The role of that name. */
export function roleOf(name: string): Role | undefined {
  return [TOOLS, SERVICES].find(roles => Object.hasOwn(roles, name))?.[name]
}

/** The role that a command line begins with, which may have two words, and what follows. */
export function splitRole(words: readonly string[]): { role: string | undefined; argv: string[] } {
  const [role, second, ...argv] = words
  const both = `${role} ${second}`
  return roleOf(both) === undefined ? { role, argv: words.slice(1) } : { role: both, argv }
}

const WIDTH = 'hub credentials'.length + 2

/** The lines of roles for `--help`. */
export function describeRoles(roles: Readonly<Record<string, Role>>): string {
  return Object.entries(roles)
    .map(([name, { summary }]) => `  ${name.padEnd(WIDTH)}${summary}`)
    .join('\n')
}
