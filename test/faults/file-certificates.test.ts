import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { issueCA, type KeyedCertificate } from '../../src/certs/issue.ts'
import { mountSecret } from '../../src/certs/mounted-secret.fixtures.ts'
import { type Cluster, eventually, namespaceOf } from '../e2e/support/cluster.ts'
import { createWhile } from '../e2e/support/create-loop.ts'
import { claim, classes, modelCache, readyStatus, soundSpec } from '../e2e/support/objects.ts'
import { WEIGHTS_CLAIM } from '../e2e/support/own-plane.ts'
import { ensureBinaries } from '../testbed/binaries.ts'
import { outputOf } from '../testbed/command.ts'
import { type ControlPlane, startControlPlane } from '../testbed/control-plane.ts'
import { kubectlFor } from '../testbed/kubectl.ts'
import { issueServing } from '../testbed/pki.ts'
import { type Product, startProduct } from '../testbed/product.ts'

const full = process.env.FAULTS === 'full'
const ROUNDS = full ? 5 : 2
const PER_SECOND = 20
const SYSTEM = 'modelcache-system'
/** The one name that docs/certificates.md asks for. */
const NAME = `modelcache-webhook.${SYSTEM}.svc`
const CONFIGURATIONS = [
  'mutatingwebhookconfiguration/modelcache-mutating',
  'validatingwebhookconfiguration/modelcache-validating',
]
const UNUSABLE = 'cannot use the certificate files'

const configuration = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string(),
    managedFields: z.array(z.looseObject({ manager: z.string() })),
  }),
  webhooks: z.array(z.unknown()),
})

const running = new AsyncDisposableStack()
let ca: KeyedCertificate
let served: KeyedCertificate
let secret: ReturnType<typeof mountSecret>
let controlPlane: ControlPlane
let product: Product
let cluster: Cluster

beforeAll(async () => {
  const binaries = await ensureBinaries(line => console.log(line))
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-faults-'))
  running.defer(() => rm(dir, { recursive: true, force: true }))
  ca = await issueCA({ commonName: 'CA of somebody else', days: 30 })
  served = await freshPair()
  secret = mountSecret(join(dir, 'tls'), served)
  controlPlane = await startControlPlane({ dir, binaries })
  running.defer(() => controlPlane.stop())
  cluster = await namespaceOf(kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir))
  const files = ['--tls-cert-file', secret.certFile, '--tls-key-file', secret.keyFile]
  const settings = {
    webhook: { options: ['--cert-source', 'files', ...files] },
    controller: { options: ['--cert-source', 'files'] },
  }
  // The start is complete when the API server calls the webhook, and somebody must write caBundle for that.
  const [started] = await Promise.all([
    startProduct({ dir, binaries, controlPlane, settings }),
    writeBundles(ca.certPem),
  ])
  product = started
  running.defer(() => product.stop())
  await cluster.need(...classes, modelCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus(WEIGHTS_CLAIM))
})
afterAll(() => running.disposeAsync())

const freshPair = () => issueServing(ca, [NAME])

async function admin(...args: string[]): Promise<string> {
  return outputOf(await cluster.kubectl([...args, '--namespace', SYSTEM]), `kubectl ${args.join(' ')}`)
}

const read = async (name: string) =>
  configuration.parse(JSON.parse(await admin('get', name, '-o', 'json', '--show-managed-fields')))

/** Writes `caBundle` of every webhook, once the configurations exist. */
async function writeBundles(pem: string): Promise<void> {
  const value = Buffer.from(pem).toString('base64')
  for (const name of CONFIGURATIONS) {
    await eventually(name, async () => ((await cluster.kubectl(['get', name])).code === 0 ? true : undefined))
    const { webhooks } = await read(name)
    const path = (index: number) => `/webhooks/${index}/clientConfig/caBundle`
    const patch = webhooks.map((_, index) => ({ op: 'add', path: path(index), value }))
    await admin('patch', name, '--type=json', '-p', JSON.stringify(patch))
  }
}

/** The serial number of the certificate on a new connection, for our name and by our CA. */
function shown(): Promise<string> {
  const { hostname: host, port } = new URL(product.webhook.url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), servername: NAME, ca: ca.certPem }, () => {
      resolve(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

const serialOf = ({ certPem }: KeyedCertificate) => new X509Certificate(certPem).serialNumber

async function complaints(): Promise<number> {
  return (await readFile(product.webhook.logPath, 'utf8')).split(UNUSABLE).length - 1
}

/** Runs something during a loop of creates, none of which may fail, and prints how long it took. */
async function noCreateFails(what: string, during: () => Promise<void>): Promise<void> {
  const began = Date.now()
  const { created, failures } = await createWhile({
    kubeconfig: controlPlane.kubeconfig,
    namespace: cluster.namespace,
    caches: 'weights',
    perSecond: PER_SECOND,
    during,
  })
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  console.log(`${what}: ${seconds} s, ${created} creates, ${failures.length} failed`)
  await cluster.kubectl(['delete', 'pods', '--all', '--wait=false'])
  expect(failures).toEqual([])
  expect(created).toBeGreaterThan(0)
}

test('a pair that is swapped as kubelet does it is served to new connections, and no create fails', async () => {
  await noCreateFails(`${ROUNDS} swaps of the certificate files`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      expect(await shown()).toBe(serialOf(served))
      served = await freshPair()
      secret.swap(served)
      await eventually('the new certificate', async () =>
        (await shown()) === serialOf(served) ? true : undefined,
      )
    }
  })
})

test('a certificate beside the key of another is never served, and no create fails', async () => {
  const next = await freshPair()
  const before = await complaints()
  await noCreateFails('files that do not fit', async () => {
    secret.swap({ certPem: next.certPem, keyPem: served.keyPem })
    await eventually('a complaint', async () => ((await complaints()) > before ? true : undefined))
    expect(await shown()).toBe(serialOf(served))
    secret.swap(next)
    await eventually('the whole pair', async () => ((await shown()) === serialOf(next) ? true : undefined))
  })
  served = next
})

test('caBundle and the Secret of a CA are left to others, and no right to them is needed', async () => {
  // In another form than the product would write.
  await writeBundles(`# ours\n${ca.certPem}`)
  const before = await Promise.all(CONFIGURATIONS.map(read))

  const roles = [product.webhook, product.controller]
  await Promise.all(roles.map(role => role.stop()))
  await admin('delete', 'rolebinding/modelcache-ca', 'rolebinding/modelcache-ca-rotation')
  await admin('delete', 'clusterrolebinding/modelcache-cabundle')
  await Promise.all(roles.map(role => role.start()))

  // The leader works, so it has had its chance.
  const storage = { backend: 'ExistingPVC', existingPVC: { name: 'staged' } }
  await cluster.need(claim('staged', ['ReadWriteMany']))
  await cluster.need(
    modelCache('led', { artifact: { kind: 'Weights' }, mount: { path: '/mnt/led' }, storage }),
  )
  await eventually('a status that the leader writes', async () => {
    const { stdout } = await cluster.kubectl(['get', 'modelcache/led', '-o', 'jsonpath={.status.phase}'])
    return stdout === '' ? undefined : true
  })
  await noCreateFails('after a start without rights to certificates', async () => {})

  const after = await Promise.all(CONFIGURATIONS.map(read))
  expect(after).toEqual(before)
  const managers = after.flatMap(({ metadata }) => metadata.managedFields.map(({ manager }) => manager))
  expect(managers).not.toContain('modelcache-certificates')
  const data = ['get', 'secret/modelcache-webhook-ca', '-o', 'jsonpath={.data}']
  expect(await admin(...data), 'as it was installed').toBe('')
})
