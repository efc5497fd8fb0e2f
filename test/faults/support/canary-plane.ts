import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts'
import { type Cluster, namespaceOf } from '../../e2e/support/cluster.ts'
import { ensureBinaries } from '../../testbed/binaries.ts'
import { outputOf } from '../../testbed/command.ts'
import { startControlPlane } from '../../testbed/control-plane.ts'
import { type Kubectl, kubectlFor } from '../../testbed/kubectl.ts'
import { type Product, startProduct } from '../../testbed/product.ts'
import { aCanary, type Canaries } from './canaries.ts'
import { type ErringFront, startErringFront } from './erring-front.ts'

// The log at this level has every line of any other level, because pino drops whole lines and no code asks
// for the level.
const AT_TRACE = { options: ['--log-level', 'trace'] }

/**
 * The product at its most verbose log level, on its own control plane behind a front, and what it must not
 * tell.
 */
export interface CanaryPlane extends AsyncDisposable {
  /** The folder of the kubeconfigs. */
  dir: string
  front: ErringFront
  product: Product
  cluster: Cluster
  canaries: Canaries
  /** The logs of the webhook and of the controller. */
  logs(): Promise<string[]>
}

export async function startCanaryPlane(): Promise<CanaryPlane> {
  await using started = new AsyncDisposableStack()
  const binaries = await ensureBinaries(() => {})
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-faults-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const controlPlane = await startControlPlane({ dir, binaries })
  started.defer(() => controlPlane.stop())
  const front = started.use(await startErringFront(controlPlane.server, controlPlane.ca))
  const product = await startProduct({
    ...{ dir, binaries, controlPlane: { ...controlPlane, server: front.url } },
    settings: { webhook: AT_TRACE, controller: AT_TRACE },
  })
  started.defer(() => product.stop())
  const kubectl = kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir)
  const cluster = await namespaceOf(kubectl)
  const ofUsers = ['secret', 'env', 'annotation', 'authorization', 'inline', 'body', 'object', 'reply']
  const canaries = {
    ...Object.fromEntries(ofUsers.map(name => [name, aCanary()])),
    'key of the CA': await keyOfCa(kubectl),
    'token of the webhook': tokenOf('webhook', dir),
    'token of the controller': tokenOf('controller', dir),
  }
  const running = started.move()
  return {
    ...{ dir, front, product, cluster, canaries },
    logs: () =>
      Promise.all([product.webhook, product.controller].map(({ logPath }) => readFile(logPath, 'utf8'))),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const secret = z.object({ data: z.object({ 'signer.key': z.base64() }) })

/** A line from the middle of the key, which is random. */
async function keyOfCa(kubectl: Kubectl): Promise<string> {
  const args = ['get', 'secret/modelcache-webhook-ca', '-n', 'modelcache-system', '-o', 'json']
  const { data } = secret.parse(JSON.parse(outputOf(await kubectl(args), 'reading the CA')))
  const pem = Buffer.from(data['signer.key'], 'base64').toString()
  return z.string().length(64).parse(pem.split('\n')[2])
}

/** The signature of a token. Its first two parts are not secret, and similar in all tokens. */
function tokenOf(role: string, dir: string): string {
  const token = loadKubeConfig(join(dir, `modelcache-${role}.kubeconfig`)).getCurrentUser()?.token
  return z.string().min(40).parse(token?.split('.')[2])
}
