import { join } from 'node:path'
import { type CommandResult, outputOf, runCommand } from './command.ts'
import type { KubeObject } from './objects.ts'

/** Runs kubectl. Resolves to its exit code and output, also when the code is not zero. */
export type Kubectl = (args: readonly string[], stdin?: string) => Promise<CommandResult>

/**
 * A kubectl that talks as the given kubeconfig says and keeps its caches in `dir`, not in the home folder. What takes
 * longer than `timeoutMs` is stopped.
 */
export function kubectlFor(binary: string, kubeconfig: string, dir: string, timeoutMs = 60_000): Kubectl {
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(dir, 'kubectl-cache'),
    KUBERC: 'off',
  }
  return (args, stdin) => runCommand(binary, args, { env, timeoutMs, ...(stdin !== undefined && { stdin }) })
}

/** Creates or updates the objects, as `kubectl apply --server-side` does; fails if any is refused. */
export async function applyObjects(
  kubectl: Kubectl,
  objects: readonly KubeObject[],
  what: string,
): Promise<void> {
  // Of all forms that kubectl reads, a JSON list is the quickest to write and to parse.
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  const args = ['apply', '--server-side', '--force-conflicts', '--filename', '-']
  outputOf(await kubectl(args, list), `installing ${what}`)
}
