import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { issueCA, issueLeaf, type KeyedCertificate } from '../../src/certs/issue.ts'
import { type Cluster, eventually, namespaceOf } from '../e2e/support/cluster.ts'
import { annotations, classes, modelCache, pod, readyStatus, soundSpec } from '../e2e/support/objects.ts'
import { WEIGHTS_CLAIM } from '../e2e/support/own-plane.ts'
import { inRepository } from '../manifests/support/rendered.ts'
import { ensureBinaries } from '../testbed/binaries.ts'
import { startControlPlane } from '../testbed/control-plane.ts'
import { kubectlFor } from '../testbed/kubectl.ts'
import { writePair } from '../testbed/pki.ts'
import { type Product, startProduct } from '../testbed/product.ts'

// An API server that presents a certificate to webhooks, configured as docs/certificates.md says, and a
// webhook that asks for one.
const running = new AsyncDisposableStack()
let ca: KeyedCertificate
let caFile: string
let product: Product
let cluster: Cluster

beforeAll(async () => {
  const binaries = await ensureBinaries(line => console.log(line))
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-clients-'))
  running.defer(() => rm(dir, { recursive: true, force: true }))
  ca = await issueCA({ commonName: 'CA of webhook clients', days: 1 })
  caFile = join(dir, 'client-ca.crt')
  await writeFile(caFile, ca.certPem)
  const folder = join(dir, 'webhooks')
  await writePair(folder, 'client', await clientOf(ca, 'kube-apiserver'))
  const controlPlane = await startControlPlane({
    dir,
    binaries,
    apiserverFlags: { 'admission-control-config-file': await presenting(folder) },
  })
  running.defer(() => controlPlane.stop())
  const options = ['--client-ca-file', caFile, '--client-name', 'kube-apiserver']
  product = await startProduct({ dir, binaries, controlPlane, settings: { webhook: { options } } })
  running.defer(() => product.stop())
  cluster = await namespaceOf(kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir))
  await cluster.need(...classes, modelCache('weights', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus(WEIGHTS_CLAIM))
})
afterAll(() => running.disposeAsync())

function clientOf(signer: KeyedCertificate, commonName: string): Promise<KeyedCertificate> {
  return issueLeaf(signer, { commonName, dnsNames: [], days: 1, usages: ['clientAuth'] })
}

/** The AdmissionConfiguration of docs/certificates.md, with its files in a folder of this test. */
async function presenting(folder: string): Promise<string> {
  const docs = await readFile(inRepository('docs/certificates.md'), 'utf8')
  const blocks = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) =>
    text
      .replaceAll('/etc/kubernetes/webhooks', folder)
      // No pod runs here, so the port is not 443, and that name would not resolve.
      .replace('modelcache-webhook.modelcache-system.svc', '"*"'),
  )
  const [kubeconfig = '', admission = ''] = blocks.map(text => text.replaceAll(/^ {3}/gm, ''))
  await writeFile(join(folder, 'kubeconfig'), kubeconfig)
  const path = join(folder, 'admission.yaml')
  await writeFile(path, admission)
  return path
}

/** What a client gets that is not an API server: a status and a body, or how the connection ended. */
function call(identity: Partial<KeyedCertificate>): Promise<string> {
  const { certPem: cert, keyPem: key } = identity
  return new Promise(resolve => {
    const headers = { 'content-type': 'application/json' }
    const options = { method: 'POST', rejectUnauthorized: false, agent: false, headers, cert, key }
    const asked = request(`${product.webhook.url}/mutate-pods`, options, response => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve(`${response.statusCode} ${body}`))
    })
    asked.on('error', error => resolve(`${'code' in error ? error.code : ''} ${error.message}`))
    asked.end('{}')
  })
}

test('the API server is let in: a pod gets its cache', async () => {
  const created = await cluster.apply(pod({ name: 'served', ...annotations('weights') }))
  expect(created.code, created.stderr).toBe(0)
  const stored = await cluster.kubectl(['get', 'pod/served', '-o', 'jsonpath={.spec.volumes[*].name}'])
  expect(stored.stdout).toContain(WEIGHTS_CLAIM)
})

test('nobody else is: without a certificate, with one of another CA, with one of another name', async () => {
  expect(await call({})).toMatch(/certificate required/i)
  const strange = await issueCA({ commonName: 'somebody', days: 1 })
  expect(await call(await clientOf(strange, 'kube-apiserver'))).not.toMatch(/^[1-5][0-9][0-9] /)
  const kubelet = await call(await clientOf(ca, 'system:node:one'))
  expect(kubelet).toMatch(/^403 /)
  expect(kubelet).toContain('--client-name allows kube-apiserver')
  // A client that is let in only hears that it sent no review.
  expect(await call(await clientOf(ca, 'kube-apiserver'))).toMatch(/^400 /)
})

test('another CA in the file is asked for without a restart', async () => {
  const next = await issueCA({ commonName: 'next CA of webhook clients', days: 1 })
  const client = await clientOf(next, 'kube-apiserver')
  await writeFile(caFile, next.certPem)
  await eventually('the next CA', async () => ((await call(client)).startsWith('400 ') ? true : undefined))
  expect(await call(await clientOf(ca, 'kube-apiserver'))).not.toMatch(/^[1-5][0-9][0-9] /)
})
