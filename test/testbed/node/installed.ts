import { fileURLToPath } from 'node:url'
import { outputOf } from '../command.ts'
import type { Kubectl } from '../kubectl.ts'

const MANIFESTS = fileURLToPath(new URL('../../../manifests', import.meta.url))
const NAMESPACE = 'modelcache-system'
const ROLLOUT = '180s'

/**
 * Installs ModelCache as docs/installation.md says, from the shipped manifests and the image. Resolves when
 * both Deployments are rolled out, because then the webhooks are called and trusted.
 */
export async function installProduct(kubectl: Kubectl): Promise<void> {
  outputOf(await kubectl(['apply', '--server-side', '--kustomize', MANIFESTS]), 'kubectl apply -k manifests/')
  await waitForRollout(kubectl)
}

/** Resolves when every replica of both roles is up to date and ready. */
export async function waitForRollout(kubectl: Kubectl): Promise<void> {
  for (const name of ['modelcache-webhook', 'modelcache-controller']) {
    const rollout = await kubectl([
      ...['rollout', 'status', `deployment/${name}`, '--namespace', NAMESPACE, `--timeout=${ROLLOUT}`],
    ])
    if (rollout.code === 0) continue
    const pods = await kubectl(['describe', 'pods', '--namespace', NAMESPACE])
    throw new Error(`${name} does not become ready: ${rollout.stderr.trim()}\n${pods.stdout}`)
  }
}
