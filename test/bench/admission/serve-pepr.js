// JavaScript, because the types of Pepr are not installed: serve-pepr.js FOLDER_WITH_PEPR.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { get } from 'node:https'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { freePort } from '../../testbed/ports.ts'

// Runs the same mutation in Pepr. Pepr reads its store from the API server before it serves, so we start a
// small API server that has only this store.

const certificates = process.env.BENCH_CERTIFICATE ?? ''
const CACHES = 'modelplane.ai/caches'
const DIGEST = `sha256:${'0'.repeat(64)}`

/** @param {string | undefined} name */
const storeOf = name => ({
  apiVersion: 'pepr.dev/v1',
  kind: 'PeprStore',
  metadata: { name, namespace: 'pepr-system', resourceVersion: '1' },
  data: {},
})
const api = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://api')
  response.writeHead(200, { 'content-type': 'application/json' })
  // A watch stays open and sends nothing.
  if (searchParams.has('watch')) return
  const name = pathname.split('/').at(-1)
  const wanted = searchParams.get('fieldSelector')?.replace('metadata.name=', '')
  const list = { kind: 'PeprStoreList', metadata: { resourceVersion: '1' }, items: [storeOf(wanted)] }
  response.end(JSON.stringify(name === 'peprstores' ? list : storeOf(name)))
})
await new Promise(resolve => api.listen(0, '127.0.0.1', () => resolve(undefined)))
const address = api.address()
const apiPort = typeof address === 'object' ? address?.port : undefined
const kubeconfig = join(certificates, 'pepr.kubeconfig')
const cluster = { server: `http://127.0.0.1:${apiPort}`, 'insecure-skip-tls-verify': true }
writeFileSync(
  kubeconfig,
  JSON.stringify({
    'current-context': 'bench',
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    clusters: [{ name: 'bench', cluster }],
    users: [{ name: 'bench', user: {} }],
  }),
)
Object.assign(process.env, {
  KUBECONFIG: kubeconfig,
  SSL_KEY_PATH: join(certificates, 'tls.key'),
  SSL_CERT_PATH: join(certificates, 'tls.crt'),
  PEPR_API_PATH: 'pods',
})

const { Capability, PeprModule, a } = createRequire(join(process.argv[2] ?? '', 'package.json'))('pepr')
const ready = new Set(
  Array.from({ length: 1_000 }, (_, index) => {
    const number = Math.floor(index / 100)
    return `team-${index % 100}/llama-3-3-70b${number === 0 ? '' : `-${number}`}`
  }),
)
const capability = new Capability({ name: 'caches', description: 'mounts caches', namespaces: [] })
capability
  .When(a.Pod)
  .IsCreated()
  .WithAnnotation(CACHES)
  .Mutate((/** @type {any} */ pod) => {
    const name = pod.Raw.metadata.annotations[CACHES]
    if (!ready.has(`${pod.Request.namespace}/${name}`)) throw new Error(`cache ${name} is not Ready`)
    pod.SetAnnotation('modelplane.ai/injected', `${name}=${DIGEST}`)
    pod.SetLabel('modelplane.ai/cache-consumer', 'true')
    const volume = `cache-${name}`
    const { spec } = pod.Raw
    const claim = { claimName: `modelcache--${name}`, readOnly: true }
    spec.volumes = [...(spec.volumes ?? []), { name: volume, persistentVolumeClaim: claim }]
    const mount = { name: volume, mountPath: '/mnt/model', subPath: `snapshots/${DIGEST}`, readOnly: true }
    for (const container of spec.containers) container.volumeMounts = [...(container.volumeMounts ?? []), mount]
  })

const port = await freePort()
const pepr = { uuid: 'bench', onError: 'reject', alwaysIgnore: { namespaces: [] }, webhookTimeout: 10 }
const module = new PeprModule({ description: 'bench', pepr }, [capability], { deferStart: true })
module.start(port)
// Pepr adds its endpoints once it has read its store.
const url = `https://127.0.0.1:${port}/healthz`
const look = () => {
  const again = () => setTimeout(look, 200)
  get(url, { rejectUnauthorized: false, agent: false }, response => {
    response.resume()
    if (response.statusCode === 200) process.stdout.write(`ready ${port}\n`)
    else again()
  }).on('error', again)
}
look()
