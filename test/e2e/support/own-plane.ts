import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBinaries } from '../../testbed/binaries.ts'
import { type ControlPlane, startControlPlane } from '../../testbed/control-plane.ts'
import { type Kubectl, kubectlFor } from '../../testbed/kubectl.ts'
import { type Product, type ProductRequest, startProduct } from '../../testbed/product.ts'
import { type Cluster, namespaceOf } from './cluster.ts'
import { classes, pausedCache, readyStatus, soundSpec } from './objects.ts'

/** The claim of the cache `weights`, which is Ready. */
export const WEIGHTS_CLAIM = 'modelcache--weights'

/** A control plane for a single file, which may stop the product or change the installation. */
export interface OwnPlane extends AsyncDisposable {
  controlPlane: ControlPlane
  product: Product
  /** A namespace with the usual classes and a Ready cache `weights`. */
  cluster: Cluster
  /** Another one, empty. */
  newNamespace(): Promise<Cluster>
  /** kubectl of its administrator, without a namespace. */
  kubectl: Kubectl
  /** The folder of its data and logs. */
  dir: string
}

/**
 * Starts one. If anything fails to start, everything else is stopped. `reach` returns the
 * URL that the product uses for the API server. By default that is the server's own.
 */
export async function startOwnPlane({
  reach = async ({ server }) => server,
  settings = {},
  apiserverFlags = () => ({}),
}: Pick<ProductRequest, 'settings'> & {
  reach?: (controlPlane: ControlPlane) => Promise<string>
  /** Flags of the API server, given the folder of its data. */
  apiserverFlags?: (dir: string) => Readonly<Record<string, string>>
} = {}): Promise<OwnPlane> {
  await using started = new AsyncDisposableStack()
  const binaries = await ensureBinaries(() => {})
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-e2e-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const controlPlane = await startControlPlane({ dir, binaries, apiserverFlags: apiserverFlags(dir) })
  started.defer(() => controlPlane.stop())
  const server = await reach(controlPlane)
  const product = await startProduct({ dir, binaries, settings, controlPlane: { ...controlPlane, server } })
  started.defer(() => product.stop())
  const kubectl = kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir)
  const cluster = await namespaceOf(kubectl)
  await cluster.need(...classes, pausedCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus(WEIGHTS_CLAIM))
  const running = started.move()
  return {
    controlPlane,
    product,
    cluster,
    newNamespace: () => namespaceOf(kubectl),
    kubectl,
    dir,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
