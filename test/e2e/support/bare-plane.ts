import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { helm } from '../../manifests/support/rendered.ts'
import { ensureBinaries } from '../../testbed/binaries.ts'
import { type CommandResult, outputOf } from '../../testbed/command.ts'
import { startControlPlane } from '../../testbed/control-plane.ts'
import { type Kubectl, kubectlFor } from '../../testbed/kubectl.ts'

/** kubectl waits for what it deletes, and a namespace goes only after everything in it. */
const DELETION_MS = 180_000

/** A control plane without any installation, and the tools of its administrator. */
export interface BarePlane extends AsyncDisposable {
  /** The exit code and output, whatever the result. */
  run: Kubectl
  /** Runs kubectl, which must succeed, and returns what it prints. */
  kubectl(...args: string[]): Promise<string>
  helm(...args: string[]): Promise<CommandResult>
}

/** Starts one without a node, so pods stay Pending. */
export async function startBarePlane(): Promise<BarePlane> {
  await using started = new AsyncDisposableStack()
  const binaries = await ensureBinaries(() => {})
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-bare-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const controlPlane = await startControlPlane({ dir, binaries })
  started.defer(() => controlPlane.stop())
  const run = kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir, DELETION_MS)
  const running = started.move()
  return {
    run,
    kubectl: async (...args) => outputOf(await run(args), `kubectl ${args.join(' ')}`),
    helm: (...args) => helm(args, { KUBECONFIG: controlPlane.kubeconfig }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
