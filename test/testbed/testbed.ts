import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Binaries, ensureBinaries } from './binaries.ts'
import type { Report } from './build.ts'
import { startControlPlane } from './control-plane.ts'
import { type Kubectl, kubectlFor } from './kubectl.ts'
import { startLws } from './lws.ts'
import type { OutsideManager } from './outside-manager.ts'
import { type Product, startProduct } from './product.ts'

/** A Kubernetes control plane with LeaderWorkerSet and ModelCache in it. */
export interface Testbed {
  readonly binaries: Binaries
  /** Folder of data, keys and logs (in `log/`). */
  readonly dir: string
  /** The API server's URL. */
  readonly server: string
  /** The control plane's CA, which also signed the webhook's certificate. */
  readonly caPem: string
  /** Path of a kubeconfig of a cluster administrator. */
  readonly kubeconfig: string
  /** kubectl as that administrator. Never rejects because of an exit code. */
  readonly kubectl: Kubectl
  readonly lws: OutsideManager
  readonly product: Product
  /** Ends every process, and removes the folder if it is a temporary one. */
  stop(): Promise<void>
}

export interface TestbedRequest {
  /** Folder to run in; a temporary one by default. */
  dir?: string
  /** Receives a line about each step. */
  log?: Report
}

/**
 * Starts a test bed of its own. Several may run side by side. Builds the binaries if necessary. If anything
 * fails to start, everything is stopped, and the error says what and why.
 */
export async function startTestbed({ dir: given, log = () => {} }: TestbedRequest = {}): Promise<Testbed> {
  const binaries = await ensureBinaries(log)
  const began = Date.now()
  const report = (what: string) => log(`${what} after ${((Date.now() - began) / 1000).toFixed(1)} s`)
  await using started = new AsyncDisposableStack()
  const dir = given ?? (await temporaryFolder(started))
  await mkdir(dir, { recursive: true })

  const controlPlane = await startControlPlane({ dir, binaries })
  started.defer(() => controlPlane.stop())
  const { kubeconfig, server, ca } = controlPlane
  const kubectl = kubectlFor(binaries.kubectl, kubeconfig, dir)
  report(`control plane ready at ${server}`)

  const [lws, product] = await bothOrNeither([
    startLws({ dir, binaries, controlPlane, kubectl }).then(part => stoppable(part, started)),
    startProduct({ dir, binaries, controlPlane }).then(part => stoppable(part, started)),
  ])
  report('LeaderWorkerSet and ModelCache ready')
  const running = started.move()
  const stop = () => running.disposeAsync()
  return { binaries, dir, server, caPem: ca.certPem, kubeconfig, kubectl, lws, product, stop }
}

async function temporaryFolder(started: AsyncDisposableStack): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-testbed-'))
  started.defer(async () => {
    if (!process.env.MODELCACHE_TESTBED_KEEP) await rm(dir, { recursive: true, force: true })
  })
  return dir
}

function stoppable<Part extends { stop(): Promise<void> }>(part: Part, stack: AsyncDisposableStack): Part {
  stack.defer(() => part.stop())
  return part
}

/** Waits for both even if one fails, so that nothing is still starting while the rest is stopped. */
async function bothOrNeither(
  parts: [Promise<OutsideManager>, Promise<Product>],
): Promise<[OutsideManager, Product]> {
  await Promise.allSettled(parts)
  return Promise.all(parts)
}
