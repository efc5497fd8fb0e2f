import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { stringify } from 'yaml'
import type { CommandResult } from '../../testbed/command.ts'
import { type Kubectl, kubectlFor } from '../../testbed/kubectl.ts'

/** The cluster as a user of one namespace sees it, through the real kubectl. */
export interface Cluster {
  namespace: string
  /** kubectl in the namespace. */
  kubectl: Kubectl
  /** `kubectl apply` of one object. */
  apply(object: object, ...flags: string[]): Promise<CommandResult>
  /** Like `apply`, for objects that a test needs and is not about. It fails if they are denied. */
  need(...objects: object[]): Promise<void>
  /** An object as stored. */
  get(resource: string): Promise<unknown>
  /** Sets status as a controller would. From then on the controller leaves the object alone. */
  setStatus(resource: string, status: object): Promise<void>
}

/** A new namespace of the shared control plane. */
export function newNamespace(): Promise<Cluster> {
  const { kubectl, kubeconfig, dir } = inject('cluster')
  return namespaceOf(kubectlFor(kubectl, kubeconfig, dir))
}

/** A new namespace of the control plane that a given kubectl uses. */
export async function namespaceOf(
  kubectlBare: Kubectl,
  namespace = `e2e-${randomBytes(4).toString('hex')}`,
): Promise<Cluster> {
  const kubectl: Kubectl = (args, stdin) => kubectlBare(['-n', namespace, ...args], stdin)
  const succeed = async (args: string[], stdin?: string) => {
    const { code, stdout, stderr } = await kubectl(args, stdin)
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  await succeed(['create', 'namespace', namespace])
  return {
    namespace,
    kubectl,
    apply: (object, ...flags) => kubectl(['apply', ...flags, '-f', '-'], JSON.stringify(object)),
    async need(...objects) {
      await succeed(['apply', '-f', '-'], objects.map(object => stringify(object)).join('---\n'))
    },
    get: async resource => JSON.parse(await succeed(['get', resource, '-o', 'json'])),
    async setStatus(resource, status) {
      await succeed(['annotate', resource, '--overwrite', 'modelplane.ai/paused=true'])
      const patch = JSON.stringify({ status })
      await succeed(['patch', resource, '--subresource=status', '--type=merge', '-p', patch])
    },
  }
}

/** A busy machine with a real node takes minutes for what others do in seconds. */
const PATIENCE_MS = 180_000
const POLL_MS = 200

/**
 * Tries until there is an answer (not undefined), and returns it. On failure, the error names what it waited
 * for.
 */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > end) throw new Error(`${what} did not come within ${PATIENCE_MS / 1000} s`)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}
