import { mkdir } from 'node:fs/promises'
import { type Binaries, ensureBinaries, ensureNodeBinaries } from '../binaries.ts'
import type { Report } from '../build.ts'
import { type ControlPlane, startControlPlane } from '../control-plane.ts'
import { installPackages } from '../debian-packages.ts'
import { applyObjects, type Kubectl, kubectlFor } from '../kubectl.ts'
import { startLws } from '../lws.ts'
import type { OutsideManager } from '../outside-manager.ts'
import { revive } from '../revive.ts'
import { ensureImages } from './images.ts'
import { installProduct } from './installed.ts'
import { startNode } from './node.ts'
import { NODE_PACKAGES, nodeObstacle } from './packages.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'
import { volumeSupply } from './volumes.ts'

/** A Kubernetes cluster of one node, with LeaderWorkerSet, and ModelCache installed in it as a user does. */
export interface NodeBed {
  readonly binaries: Binaries
  readonly dir: string
  readonly sandbox: Sandbox
  readonly controlPlane: ControlPlane
  /** The API server's URL, valid outside the sandbox. */
  readonly server: string
  /** Path of a kubeconfig of a cluster administrator, valid outside the sandbox. */
  readonly kubeconfig: string
  readonly kubectl: Kubectl
  readonly lws: OutsideManager
  /** The command line of the container runtime, with everything needed to reach it. */
  readonly runtime: string[]
  /**
   * Ends every process. What a test kills before starts again, as on a real node. Resolves when only the
   * folder of logs is left.
   */
  stop(): Promise<void>
}

export interface NodeBedRequest {
  /** Folder to run in. */
  dir: string
  log?: Report
  /** Whether ModelCache is installed; default true. */
  install?: boolean
}

/** Starts one. If anything fails to start, everything is stopped, and the error says what and why. */
export async function startNodeBed({
  dir,
  log = () => {},
  install = true,
}: NodeBedRequest): Promise<NodeBed> {
  const obstacle = await nodeObstacle()
  if (obstacle !== undefined) throw new Error(obstacle)
  await installPackages(NODE_PACKAGES, log)
  const binaries = await ensureBinaries(log)
  const nodeBinaries = await ensureNodeBinaries(log)
  const images = await ensureImages(log)
  const began = Date.now()
  const report = (what: string) => log(`${what} after ${((Date.now() - began) / 1000).toFixed(1)} s`)

  await mkdir(dir, { recursive: true })
  await using started = new AsyncDisposableStack()
  const sandbox = await startSandbox(dir)
  started.defer(() => sandbox.stop())
  const controlPlane = await startControlPlane({ dir, binaries, host: sandbox })
  const { kubeconfig, server } = controlPlane
  const kubectl = kubectlFor(binaries.kubectl, kubeconfig, dir)
  report(`control plane ready at ${controlPlane.server}`)
  const node = await startNode({ sandbox, binaries: nodeBinaries, images, controlPlane, kubectl })
  await applyObjects(kubectl, await volumeSupply(sandbox.data), 'storage')
  report('node ready')
  const lws = await startLws({ dir, binaries, controlPlane, kubectl, host: sandbox })
  report('LeaderWorkerSet ready')
  if (install) {
    await installProduct(kubectl)
    report('ModelCache installed')
  }
  const daemons = { ...node.daemons, 'kube-apiserver': controlPlane.apiserver }
  for (const [name, daemon] of Object.entries(daemons)) started.use(revive(name, daemon))
  const running = started.move()
  const stop = () => running.disposeAsync()
  return {
    binaries,
    dir,
    sandbox,
    controlPlane,
    server,
    kubeconfig,
    kubectl,
    lws,
    runtime: [...node.ctr],
    stop,
  }
}
