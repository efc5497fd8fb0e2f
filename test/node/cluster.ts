import { inject } from 'vitest'
import { z } from 'zod'
import { type Cluster, namespaceOf } from '../e2e/cluster.ts'
import { outputOf, runCommand } from '../testbed/command.ts'
import { type Kubectl, kubectlFor } from '../testbed/kubectl.ts'

/** Where the product is installed. */
export const SYSTEM = 'modelcache-system'

const shared = inject('node')

/** For `describe.skipIf`: there is no node here. The setup has said so, loudly. */
export const NO_NODE = shared === null

/** kubectl of the cluster, without a namespace. */
export const kubectl: Kubectl = (args, stdin) => nodeKubectl()(args, stdin)

function node() {
  if (shared === null) throw new Error('there is no node')
  return shared
}

function nodeKubectl(): Kubectl {
  const { kubectl: binary, kubeconfig, dir } = node()
  return kubectlFor(binary, kubeconfig, dir)
}

/** A namespace of its own for a file. */
export function newNamespace(): Promise<Cluster> {
  return namespaceOf(nodeKubectl())
}

/** Path of the kubeconfig of an administrator. */
export function kubeconfigPath(): string {
  return node().kubeconfig
}

/** The folder of this machine in which the volume of a bound claim lies. */
export async function volumeFolder(cluster: Cluster, claim: string): Promise<string> {
  const { stdout } = await cluster.kubectl(['get', `pvc/${claim}`, '-o', 'jsonpath={.spec.volumeName}'])
  if (stdout === '') throw new Error(`claim ${claim} is not bound`)
  return `${node().data}/volumes/${stdout}`
}

const pods = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string() }),
      status: z.looseObject({ containerStatuses: z.array(z.looseObject({ containerID: z.string() })) }),
    }),
  ),
})

/** Ends the process of one replica by SIGKILL, as the kernel does when memory runs out, and gives the name of its pod. */
export async function killReplica(component: 'webhook' | 'controller'): Promise<string> {
  const selector = `app.kubernetes.io/component=${component}`
  const listed = await kubectl(['get', 'pods', '-n', SYSTEM, '-l', selector, '-o', 'json'])
  const [first] = pods.parse(JSON.parse(outputOf(listed, 'listing the replicas'))).items
  const id = first?.status.containerStatuses[0]?.containerID.replace(/^.*\/\//, '')
  if (first === undefined || id === undefined) throw new Error(`no replica of the ${component} runs`)
  const [command = '', ...args] = [...node().runtime, 'tasks', 'kill', '--signal', 'SIGKILL', id]
  outputOf(await runCommand(command, args), `killing ${first.metadata.name}`)
  return first.metadata.name
}
