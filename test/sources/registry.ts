import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { ensureRegistry } from '../testbed/binaries.ts'
import { installPackages, packagesObstacle } from '../testbed/debian-packages.ts'
import { type Host, thisMachine } from '../testbed/host.ts'
import { startChild } from '../testbed/process.ts'
import { waitUntil } from '../testbed/wait.ts'

const PACKAGES = { 'docker-registry': 'docker-registry' }
const READY_MS = 30_000

/** User `tests` with password `canary-secret`. */
export const HTPASSWD = 'tests:$2b$05$vKlbrdRZsUwc0U6QwtNpM.sRwRO7ntIJ4I72gK2am8vN2N.e3MlPi'

/** Who may read and write. By default everybody. */
export interface RegistryOptions {
  /** The lines of a file as htpasswd writes it. */
  htpasswd?: string
  /** A server that gives tokens, and the certificates in PEM of those that it signs with. */
  token?: { realm: string; service: string; issuer: string; roots: string }
  tls?: { certPem: string; keyPem: string }
}

/** A layer to push. */
export interface Layer {
  body: Buffer
  mediaType: string
  annotations?: Record<string, string>
}

export interface Pushed {
  repository: string
  tag: string
  layers: readonly Layer[]
  /** The media type of the config. Default: that of a container image. */
  configType?: string
}

export interface Registry extends AsyncDisposable {
  /** `ADDRESS:PORT`, as references begin. */
  readonly host: string
  /** Pushes an image or an artifact, as plain calls of the API. Returns the digest of its manifest. */
  push(image: Pushed): Promise<string>
  /** Pushes a manifest or an index, as it is. */
  pushManifest(repository: string, reference: string, manifest: object): Promise<string>
  /** What it logs of requests: `METHOD path status`. */
  requests(): Promise<string[]>
}

/** The registry of distribution, on any port of a host. */
export async function serveRegistry(
  { htpasswd, token, tls }: RegistryOptions = {},
  { enter, address }: Pick<Host, 'enter' | 'address'> = thisMachine,
): Promise<Registry> {
  const binary = await registryBinary()
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-registry-'))
  const file = async (name: string, content: string) => {
    await writeFile(join(dir, name), content, { mode: 0o600 })
    return join(dir, name)
  }
  const config = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(dir, 'data') }, delete: { enabled: true } },
    http: {
      addr: `${address}:0`,
      ...(tls && {
        tls: {
          certificate: await file('tls.crt', tls.certPem),
          key: await file('tls.key', tls.keyPem),
        },
      }),
    },
    ...(htpasswd !== undefined && {
      auth: { htpasswd: { realm: 'tests', path: await file('htpasswd', htpasswd) } },
    }),
    ...(token && {
      auth: {
        token: {
          ...{ realm: token.realm, service: token.service, issuer: token.issuer },
          rootcertbundle: await file('roots.pem', token.roots),
        },
      },
    }),
  }
  const logPath = join(dir, 'log')
  const [command = '', ...args] = [
    ...[...enter, binary, 'serve'],
    await file('config.yml', stringify(config)),
  ]
  const child = startChild({ name: 'docker-registry', command, args, logPath })
  let host = ''
  await waitUntil({
    what: 'docker-registry',
    timeoutMs: READY_MS,
    children: [child],
    async probe() {
      const [, found] = /listening on ([\d.]+:\d+)/.exec(await readFile(logPath, 'utf8')) ?? []
      host = found ?? ''
      return found === undefined ? 'it does not listen yet' : undefined
    },
  })
  return {
    ...pusher(`http://${host}/v2`),
    host,
    async requests() {
      const lines = (await readFile(logPath, 'utf8')).matchAll(/"(GET|HEAD|POST) (\S+) HTTP\/1\.1" (\d+)/g)
      return [...lines].map(([, method, path, status]) => `${method} ${path} ${status}`)
    },
    async [Symbol.asyncDispose]() {
      await child.kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Debian's package, which is there in seconds. Who cannot install it builds the same from source. */
async function registryBinary(): Promise<string> {
  const report = (line: string) => console.error(line)
  if ((await packagesObstacle(PACKAGES)) !== undefined) return ensureRegistry(report)
  await installPackages(PACKAGES, report)
  return 'docker-registry'
}

export function digestOf(body: Uint8Array): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const IMAGE_CONFIG = 'application/vnd.oci.image.config.v1+json'

function pusher(api: string): Pick<Registry, 'push' | 'pushManifest'> {
  const pushBlob = async (repository: string, body: Buffer) => {
    const digest = digestOf(body)
    const started = await expectStatus(202, fetch(`${api}/${repository}/blobs/uploads/`, { method: 'POST' }))
    const location = new URL(started.headers.get('location') ?? '', api)
    location.searchParams.set('digest', digest)
    await expectStatus(201, fetch(location, { method: 'PUT', body: new Uint8Array(body) }))
    return { digest, size: body.length }
  }
  const pushManifest: Registry['pushManifest'] = async (repository, reference, manifest) => {
    const body = JSON.stringify(manifest)
    const mediaType = 'mediaType' in manifest ? String(manifest.mediaType) : MANIFEST
    const url = `${api}/${repository}/manifests/${reference}`
    const put = { method: 'PUT', body, headers: { 'content-type': mediaType } }
    await expectStatus(201, fetch(url, put))
    return digestOf(Buffer.from(body))
  }
  return {
    pushManifest,
    async push({ repository, tag, layers, configType = IMAGE_CONFIG }) {
      const config = await pushBlob(repository, Buffer.from('{}'))
      const pushed: object[] = []
      for (const { body, mediaType, annotations } of layers)
        pushed.push({ mediaType, ...(await pushBlob(repository, body)), ...(annotations && { annotations }) })
      return pushManifest(repository, tag, {
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { mediaType: configType, ...config },
        layers: pushed,
      })
    },
  }
}

async function expectStatus(status: number, reply: Promise<Response>): Promise<Response> {
  const found = await reply
  if (found.status === status) return found
  throw new Error(`${found.url} answers ${found.status}: ${await found.text()}`)
}
