import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SOURCE_CA_VARIABLE, textVariables } from '../../src/api/hydration-env.ts'
import { issueCA, type KeyedCertificate } from '../../src/certs/issue.ts'
import { issueServing } from '../testbed/pki.ts'
import { hydrate, manifestOf } from './support/run-hydrate.ts'

let dir: string
let ca: KeyedCertificate
let server: Server

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-source-ca-'))
  ca = await issueCA({ commonName: 'a company', days: 1 })
  const { certPem: cert, keyPem: key } = await issueServing(ca, ['files.example'])
  server = createServer({ cert, key }, (_, response) =>
    response.writeHead(200, { etag: '"v1"' }).end('weights'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  server.close()
  await rm(dir, { recursive: true, force: true })
})

const run = async (env: NodeJS.ProcessEnv) => {
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`
  return hydrate(manifestOf({ http: { url } }), ['--into', await mkdtemp(join(dir, 'volume-'))], { env })
}

test('a server of the company is trusted by the CA that the controller hands on, and not without it', async () => {
  const env = Object.fromEntries(
    textVariables(SOURCE_CA_VARIABLE, ca.certPem).map(({ name, value }) => [name, value]),
  )
  expect((await run(env)).last).toMatchObject({ bytes: 7, files: 1 })
  const refused = await run({})
  expect(refused.code).toBe(75)
  expect(refused.last).toMatchObject({
    reason: 'SourceUnavailable',
    message: expect.stringMatching(/certificate/i),
  })
})

test('SSL_CERT_FILE names the certificates to trust', async () => {
  const file = join(dir, 'ca.pem')
  await writeFile(file, ca.certPem)
  expect((await run({ SSL_CERT_FILE: file })).last).toMatchObject({ bytes: 7, files: 1 })
  expect((await run({ SSL_CERT_FILE: join(dir, 'gone') })).last).toMatchObject({
    reason: 'SourceUnavailable',
    message: expect.stringMatching(/^variable SSL_CERT_FILE names ".+gone", which cannot be read/),
  })
})
