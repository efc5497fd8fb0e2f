import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster, eventually, namespaceOf } from '../e2e/support/cluster.ts'
import { createWhile } from '../e2e/support/create-loop.ts'
import { classes, modelCache, readyStatus, soundSpec } from '../e2e/support/objects.ts'
import { WEIGHTS_CLAIM } from '../e2e/support/own-plane.ts'
import { inRepository } from '../manifests/support/rendered.ts'
import { ensureBinaries } from '../testbed/binaries.ts'
import { outputOf } from '../testbed/command.ts'
import { type ControlPlane, startControlPlane } from '../testbed/control-plane.ts'
import { kubectlFor } from '../testbed/kubectl.ts'
import { type Product, startProduct } from '../testbed/product.ts'

const full = process.env.FAULTS === 'full'
const ROUNDS = full ? 5 : 2
const PER_SECOND = 20
const SYSTEM = 'modelcache-system'
const SECRET = 'secret/modelcache-webhook-ca'
const CONFIGURATIONS = [
  'mutatingwebhookconfiguration/modelcache-mutating',
  'validatingwebhookconfiguration/modelcache-validating',
]

// With a CA that may sign a second after everybody trusts it, and a certificate that is renewed every twenty
// seconds.
const SETTINGS = {
  controller: { options: ['--ca-settle', '1s'] },
  webhook: { options: ['--certificate-lifetime', '30s'] },
}

const running = new AsyncDisposableStack()
let controlPlane: ControlPlane
let product: Product
let cluster: Cluster

beforeAll(async () => {
  const binaries = await ensureBinaries(line => console.log(line))
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-faults-'))
  running.defer(() => rm(dir, { recursive: true, force: true }))
  controlPlane = await startControlPlane({ dir, binaries })
  running.defer(() => controlPlane.stop())
  product = await startProduct({ dir, binaries, controlPlane, settings: SETTINGS })
  running.defer(() => product.stop())
  cluster = await namespaceOf(kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir))
  await cluster.need(...classes, modelCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus(WEIGHTS_CLAIM))
})
afterAll(() => running.disposeAsync())

async function admin(...args: string[]): Promise<string> {
  return outputOf(await cluster.kubectl([...args, '--namespace', SYSTEM]), `kubectl ${args.join(' ')}`)
}

const secretField = (key: string) => admin('get', SECRET, '-o', `jsonpath={.data.${key.replace('.', '\\.')}}`)

/** `caBundle` of every webhook. */
async function bundles(): Promise<string[]> {
  const each = CONFIGURATIONS.map(name =>
    admin('get', name, '-o', 'jsonpath={range .webhooks[*]}{.clientConfig.caBundle}{"\\n"}{end}'),
  )
  return (await Promise.all(each)).join('').trim().split('\n')
}

async function untilTrusted(): Promise<void> {
  await eventually('caBundle as the Secret says', async () => {
    const wanted = await secretField('ca.crt')
    return (await bundles()).every(bundle => bundle === wanted) ? true : undefined
  })
}

/** The serial number of the certificate that a client is shown. */
function servedBy(url: string): Promise<string> {
  const { hostname: host, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

/** Runs something during a loop of creates, none of which may fail, and prints how long it took. */
async function noCreateFails(what: string, during: () => Promise<void>): Promise<void> {
  const began = Date.now()
  const { namespace } = cluster
  const { kubeconfig } = controlPlane
  const { created, failures } = await createWhile({
    kubeconfig,
    namespace,
    caches: 'weights',
    perSecond: PER_SECOND,
    during,
  })
  console.log(
    `${what}: ${((Date.now() - began) / 1000).toFixed(1)} s, ${created} creates, ${failures.length} failed`,
  )
  await cluster.kubectl(['delete', 'pods', '--all', '--wait=false'])
  expect(failures).toEqual([])
  expect(created).toBeGreaterThan(0)
}

test('the CA is rotated in two steps whenever somebody asks, and no create fails', async () => {
  await noCreateFails(`${ROUNDS} rotations of the CA`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const signer = await secretField('signer.crt')
      await admin('annotate', SECRET, '--overwrite', `modelplane.ai/rotate-ca=${round}`)
      await eventually('another CA that signs', async () =>
        (await secretField('signer.crt')) === signer ? undefined : true,
      )
      await untilTrusted()
      const bundle = Buffer.from(await secretField('ca.crt'), 'base64').toString()
      expect(bundle).toContain(Buffer.from(signer, 'base64').toString().trim())
    }
  })
})

test('the serving certificate is renewed, and no create fails', async () => {
  const before = await servedBy(product.webhook.url)
  await noCreateFails('renewal of the serving certificate', async () => {
    await eventually('another certificate', async () =>
      (await servedBy(product.webhook.url)) === before ? undefined : true,
    )
  })
})

test('a Secret that is deleted, and installed again, has the same CA as before, and no create fails', async () => {
  const signer = await secretField('signer.crt')
  await noCreateFails('the Secret of the CA deleted', async () => {
    await admin('delete', SECRET)
    await eventually('a word about it', async () => {
      const { stdout, stderr } = await cluster.kubectl(['get', SECRET, '-n', SYSTEM])
      expect(stdout + stderr).toContain('NotFound')
      const log = await readFile(product.controller.logPath, 'utf8')
      return log.includes('modelcache-webhook-ca is missing') || undefined
    })
    await admin('apply', '-f', inRepository('manifests/secret.yaml'))
    await eventually('the Secret', async () => {
      const { stdout } = await cluster.kubectl([
        'get',
        SECRET,
        '-n',
        SYSTEM,
        '-o',
        'jsonpath={.data.signer\\.crt}',
      ])
      return stdout === signer ? true : undefined
    })
  })
})

test.each([
  ['emptied', [{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: '' }]],
  ['removed', [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }]],
])('caBundle that is %s is fixed', async (_, patch) => {
  const began = Date.now()
  for (const name of CONFIGURATIONS) await admin('patch', name, '--type=json', '-p', JSON.stringify(patch))
  await untilTrusted()
  console.log(`caBundle fixed after ${Date.now() - began} ms`)
})

test('a Secret that is spoilt is replaced, trusted, and served from', async () => {
  await admin('patch', SECRET, '--type=merge', '-p', '{"data":{"signer.key":""}}')
  await eventually('a key', async () => ((await secretField('signer.key')) === '' ? undefined : true))
  await untilTrusted()
  await noCreateFails('after a Secret that was spoilt', async () => {})
})

test('several replicas that start at once with an empty Secret agree on one CA', async () => {
  await product.stop()
  await admin('patch', SECRET, '--type=json', '-p', '[{"op":"remove","path":"/data"}]')
  const others = await Promise.all([
    product.prepareReplica('webhook', SETTINGS.webhook),
    product.prepareReplica('controller', SETTINGS.controller),
  ])
  const roles = [product.webhook, product.controller, ...others]
  try {
    await Promise.all(roles.map(role => role.start()))
    await untilTrusted()
    const made = await Promise.all(roles.map(async ({ logPath }) => readFile(logPath, 'utf8')))
    const signers = new Set(made.flatMap(log => lastSigner(log) ?? []))
    expect(signers.size).toBe(1)
    await noCreateFails('after a start of two webhooks and two controllers at once', async () => {})
  } finally {
    await Promise.all(others.map(role => role.stop()))
  }
})

/** The CA of a webhook's last certificate, from its log. */
function lastSigner(log: string): string | undefined {
  return [...log.matchAll(/"ca":"([0-9A-F:]+)".*"minted a certificate"/g)].at(-1)?.[1]
}

test('of two leaders at a moment neither does harm', async () => {
  const second = await product.prepareReplica('controller', {
    options: [...SETTINGS.controller.options, '--no-leader-elect'],
  })
  await second.start()
  try {
    await noCreateFails('a rotation under two leaders', async () => {
      const signer = await secretField('signer.crt')
      await admin('annotate', SECRET, '--overwrite', 'modelplane.ai/rotate-ca=two-leaders')
      await eventually('another CA that signs', async () =>
        (await secretField('signer.crt')) === signer ? undefined : true,
      )
      await untilTrusted()
    })
  } finally {
    await second.stop()
  }
})
