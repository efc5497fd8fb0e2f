import { join } from 'node:path'
import { type CommandResult, outputOf, runCommand } from './command.ts'
import type { KubeObject } from './objects.ts'

/** Runs kubectl. Resolves to its exit code and output, even if the code is not zero. */
export type Kubectl = (args: readonly string[], stdin?: string) => Promise<CommandResult>

/**
 * A kubectl with the given kubeconfig that keeps its caches in `dir` and not in the home folder. It is
 * stopped after `timeoutMs`.
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

/** Creates or updates the objects, as `kubectl apply --server-side` does. Fails if any is denied. */
export async function applyObjects(
  kubectl: Kubectl,
  objects: readonly KubeObject[],
  what: string,
): Promise<void> {
  // Of all formats that kubectl reads, a JSON list is the fastest to write and to parse.
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  const args = ['apply', '--server-side', '--force-conflicts', '--filename', '-']
  outputOf(await kubectl(args, list), `installing ${what}`)
}
