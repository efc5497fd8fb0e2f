import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { issueCA, issueLeaf } from '../../src/certs/issue.ts'
import { createHttp } from '../../src/hydrate/fetch/http.ts'
import { filesBelow } from '../../src/hydrate/fixtures.ts'
import { HTPASSWD, type Registry, serveRegistry } from '../sources/registry.ts'
import { serveTokens, type TokenServer } from '../sources/token-server.ts'
import { ensureOras } from '../testbed/binaries.ts'
import { hydrate, manifestOf } from './support/run-hydrate.ts'
import { failureOf, stage } from './support/stage-in-process.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 600_000 })

const run = promisify(execFile)

const PASSWORD = 'canary-secret'
const AUTH = Buffer.from(`tests:${PASSWORD}`).toString('base64')

let oras: string
let tokens: TokenServer
let byPassword: Registry
let byToken: Registry
let dir: string

beforeAll(async () => {
  oras = await ensureOras(line => console.error(line))
  tokens = await serveTokens()
  byPassword = await serveRegistry({ htpasswd: `${HTPASSWD}\n` })
  byToken = await serveRegistry({ token: tokens.token })
  await push(byPassword)
  await push(byToken)
})
afterAll(async () => {
  for (const server of [byPassword, byToken, tokens]) await server?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-registry-credentials-'))
  tokens.asked.splice(0)
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** ORAS logs in and pushes, so credentials that it can use are those that we must be able to use. */
async function push({ host }: Registry) {
  const folder = await mkdtemp(join(tmpdir(), 'modelcache-push-'))
  await writeFile(join(folder, 'weights'), 'w')
  const login = ['--plain-http', '--username', 'tests', '--password', PASSWORD]
  await run(oras, ['push', '--no-tty', ...login, `${host}/team/private:v1`, 'weights'], { cwd: folder })
  await rm(folder, { recursive: true })
}

const config = (auths: object) => ({ '.dockerconfigjson': JSON.stringify({ auths }) })

const stagePrivate = (registry: Registry, keys?: Record<string, string>) =>
  stage(
    dir,
    { oci: { reference: `${registry.host}/team/private:v1`, ...(keys && { secretRef: { name: 'pull' } }) } },
    { secretKey: async (_, names) => names.map(name => keys?.[name]).find(each => each !== undefined) },
  )

describe('a registry that wants a password gets it from a Secret', () => {
  test.each<[string, (host: string) => Record<string, string>]>([
    [
      'as kubectl makes it',
      host => config({ [host]: { username: 'tests', password: PASSWORD, auth: AUTH } }),
    ],
    ['with auth alone', host => config({ [host]: { auth: AUTH } })],
    ['for a URL', host => config({ [`http://${host}/v2/`]: { auth: AUTH } })],
    ['for a path', host => config({ [`${host}/team`]: { auth: AUTH }, [host]: { auth: 'bm86Ym9keQ==' } })],
    ['with wildcards', host => config({ [host.replace('127.0', '*.*')]: { auth: AUTH } })],
    ['of the type before', host => ({ '.dockercfg': JSON.stringify({ [host]: { auth: AUTH } }) })],
    ['made from a file', host => ({ 'config.json': JSON.stringify({ auths: { [host]: { auth: AUTH } } }) })],
    ['of type basic-auth', () => ({ username: 'tests', password: PASSWORD })],
  ])('%s', async (_, keysOf) => {
    const { path } = await stagePrivate(byPassword, keysOf(byPassword.host))
    expect(await filesBelow(join(dir, path))).toEqual({ weights: 'w' })
  })

  test.each<[string, (host: string) => Record<string, string> | undefined, string, RegExp]>([
    ['no Secret', () => undefined, 'Unauthorized', /set secretRef/],
    [
      'a wrong password',
      host => config({ [host]: { auth: 'bm86Ym9keQ==' } }),
      'Unauthorized',
      /in the Secret/,
    ],
    ['none for this registry', () => config({ 'ghcr.io': { auth: AUTH } }), 'Unauthorized', /set secretRef/],
    ['a Secret without a key', () => ({}), 'SecretNotFound', /\.dockerconfigjson/],
    ['no JSON', () => ({ '.dockerconfigjson': 'auths: {}' }), 'SecretMalformed', /docker-registry/],
    ['no base64', host => config({ [host]: { auth: '***' } }), 'SecretMalformed', /user:password/],
    [
      'a credential helper',
      () => ({ 'config.json': '{"credsStore":"desktop"}' }),
      'SecretMalformed',
      /credential helper/,
    ],
  ])('and with %s the failure says so', async (_, keysOf, reason, words) => {
    const failure = await failureOf(stagePrivate(byPassword, keysOf(byPassword.host)))
    expect(failure.reason).toBe(reason)
    expect(failure.message).toMatch(words)
    expect(failure.message).not.toContain(PASSWORD)
  })
})

describe('a registry that wants a token', () => {
  test('gets one for a password, once for all layers', async () => {
    const { path } = await stagePrivate(byToken, config({ [byToken.host]: { auth: AUTH } }))
    expect(await filesBelow(join(dir, path))).toEqual({ weights: 'w' })
    expect(tokens.asked.map(({ method }) => method)).toEqual(['GET'])
  })

  test('gets one for a refresh token', async () => {
    await stagePrivate(byToken, config({ [byToken.host]: { identitytoken: 'canary-refresh' } }))
    expect(tokens.asked).toMatchObject([
      { method: 'POST', form: expect.stringContaining('grant_type=refresh_token') },
    ])
  })

  test('and gives none for a wrong password: the failure says so', async () => {
    const { reason } = await failureOf(
      stagePrivate(byToken, config({ [byToken.host]: { username: 'tests', password: 'wrong' } })),
    )
    expect(reason).toBe('Unauthorized')
  })
})

test('a registry with a certificate of a private CA is trusted by that CA', async () => {
  const ca = await issueCA({ commonName: 'private', days: 1 })
  const leaf = { commonName: 'r', days: 1, dnsNames: [], ipAddresses: ['127.0.0.1'] }
  const tls = await issueLeaf(ca, { ...leaf, usages: ['serverAuth'] })
  await using secure = await serveRegistry({ tls })
  const source = { oci: { reference: `${secure.host}/models/none:v1`, plainHTTP: false } }
  const http = createHttp({ ca: ca.certPem })
  expect((await failureOf(stage(dir, source, { http }))).reason).toBe('SourceNotFound')
  expect((await failureOf(stage(dir, source))).message).toContain('is not trusted')
})

test('the command reads the Secret from its folder, and its words have no password', async () => {
  await mkdir(join(dir, 'secrets', 'pull'), { recursive: true })
  const keys = config({ [byToken.host]: { auth: AUTH } })
  await writeFile(join(dir, 'secrets', 'pull', '.dockerconfigjson'), keys['.dockerconfigjson'])
  const manifest = manifestOf({
    oci: { reference: `${byToken.host}/team/private:v1`, secretRef: { name: 'pull' } },
  })
  const args = ['--into', join(dir, 'volume'), '--secrets', join(dir, 'secrets')]
  const { code, lines, stderr } = await hydrate(manifest, args)
  expect(code, stderr).toBe(0)
  for (const secret of [PASSWORD, AUTH]) expect(lines.join() + stderr).not.toContain(secret)
})
