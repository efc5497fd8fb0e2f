import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { z } from 'zod'
import { type Cluster, namespaceOf } from '../../e2e/support/cluster.ts'
import { outputOf, runCommand } from '../../testbed/command.ts'
import { type Kubectl, kubectlFor } from '../../testbed/kubectl.ts'
import { pidFile } from '../../testbed/revive.ts'

/** Where the product is installed. */
export const SYSTEM = 'modelcache-system'

const shared = inject('node')

/** For `describe.skipIf`: there is no node here. The setup has printed a warning. */
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

/** A namespace of its own for each file. */
export function newNamespace(): Promise<Cluster> {
  return namespaceOf(nodeKubectl())
}

/** Path of the kubeconfig of an administrator. */
export function kubeconfigPath(): string {
  return node().kubeconfig
}

/** Path of kubectl. */
export function kubectlPath(): string {
  return node().kubectl
}

/** The command line of the container runtime. */
export function runtimeCommand(): string[] {
  return node().runtime
}

/** The folder on this machine with the volume of a bound claim. */
export async function volumeFolder(cluster: Cluster, claim: string): Promise<string> {
  const { stdout } = await cluster.kubectl(['get', `pvc/${claim}`, '-o', 'jsonpath={.spec.volumeName}'])
  if (stdout === '') throw new Error(`claim ${claim} is not bound`)
  return `${node().data}/volumes/${stdout}`
}

/** A folder on this machine that the node sees under the same path. It is removed after the run. */
export function nodeFolder(path: string): string {
  return `${node().data}/${path}`
}

/** Where pods run, and the address where they reach what runs beside them. */
export function sandbox(): { enter: readonly string[]; address: string } {
  return node()
}

const pods = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string() }),
      status: z.looseObject({ containerStatuses: z.array(z.looseObject({ containerID: z.string() })) }),
    }),
  ),
})

/**
 * Kills the process of one replica by SIGKILL, as the kernel does when memory runs out, and returns the name
 * of its pod.
 */
export async function killReplica(component: 'webhook' | 'controller'): Promise<string> {
  const selector = `app.kubernetes.io/component=${component}`
  const listed = await kubectl(['get', 'pods', '-n', SYSTEM, '-l', selector, '-o', 'json'])
  const [first] = pods.parse(JSON.parse(outputOf(listed, 'listing the replicas'))).items
  const id = first?.status.containerStatuses[0]?.containerID
  if (first === undefined || id === undefined) throw new Error(`no replica of the ${component} runs`)
  outputOf(await killById(id), `killing ${first.metadata.name}`)
  return first.metadata.name
}

/** The same for the container of a pod, if it runs. It may have ended meanwhile. */
export async function killContainer(cluster: Cluster, pod: string): Promise<void> {
  const path = 'jsonpath={.status.containerStatuses[0].containerID}'
  const { stdout } = await cluster.kubectl(['get', `pod/${pod}`, '-o', path])
  if (stdout !== '') await killById(stdout)
}

function killById(containerID: string) {
  const id = containerID.replace(/^.*\/\//, '')
  const [command = '', ...args] = [...node().runtime, 'tasks', 'kill', '--signal', 'SIGKILL', id]
  return runCommand(command, args)
}

/** Kills a process of the node or of the control plane, which then starts again. */
export async function killDaemon(name: 'containerd' | 'kubelet' | 'kube-apiserver'): Promise<void> {
  const pid = Number(await readFile(pidFile(join(node().dir, 'log'), name), 'utf8'))
  if (pid > 1) process.kill(-pid, 'SIGKILL')
}
