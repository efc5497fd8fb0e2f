import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBinaries, ensureHelm } from '../../testbed/binaries.ts'
import { type CommandResult, outputOf, runCommand } from '../../testbed/command.ts'
import { type KubeObject, parseObjects } from '../../testbed/objects.ts'

export const CHART = inRepository('chart')
export const NAMESPACE = 'modelcache-system'

/** The oldest supported Kubernetes. */
const FLOOR = '1.30.0'

export function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url))
}

/** The objects of a folder of the repository, as `kubectl apply -k` would send them. */
export async function kustomize(folder: string): Promise<KubeObject[]> {
  const { kubectl } = await ensureBinaries(() => {})
  const rendered = await runCommand(kubectl, ['kustomize', inRepository(folder)])
  return parseObjects(outputOf(rendered, `rendering ${folder}`))
}

/** Longer than helm waits for pods. */
const HELM_MS = 240_000

/** Runs helm with its own folders, which are removed when this process ends. */
export async function helm(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  const command = await ensureHelm(() => {})
  const home = mkdtempSync(join(tmpdir(), 'modelcache-helm-'))
  try {
    const folders = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home }
    return await runCommand(command, args, {
      env: { ...process.env, ...folders, ...env },
      timeoutMs: HELM_MS,
    })
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** What helm prints when it renders the chart in the usual namespace. */
export function tryTemplate(...args: string[]): Promise<CommandResult> {
  return helm(['template', 'modelcache', CHART, '-n', NAMESPACE, '--kube-version', FLOOR, ...args])
}

/** The objects of the chart. */
export async function template(...args: string[]): Promise<KubeObject[]> {
  return parseObjects(outputOf(await tryTemplate(...args), `rendering the chart with ${args.join(' ')}`))
}

/** Identifies an object. */
export function nameOf({ kind, metadata }: KubeObject): string {
  return [kind, metadata.namespace, metadata.name].filter(Boolean).join('/')
}

/** The objects by name. Fails if two share one. */
export function byName(objects: readonly KubeObject[]): Record<string, KubeObject> {
  const named = Object.fromEntries(objects.map(object => [nameOf(object), object]))
  if (Object.keys(named).length !== objects.length) throw new Error('two objects have the same name')
  return named
}
