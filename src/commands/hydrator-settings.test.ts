import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { textOf } from '../api/hydration-env.ts'
import { ApiError } from '../kube/api-error.ts'
import { hydratorSettings } from './hydrator-settings.ts'
import { UsageError } from './options.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-settings-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))
afterEach(() => vi.unstubAllEnvs())

const settings = (
  options: Parameters<typeof hydratorSettings>[0] = {},
  get: (path: string) => Promise<unknown> = () => expect.fail('nobody asks'),
) => hydratorSettings(options, { rest: { get }, namespace: 'system', signal: new AbortController().signal })

describe('the image of Jobs', () => {
  const container = (name: string, image: string) => ({ name, image, imagePullPolicy: 'Always' })

  test('is that of the own pod, of its container controller', async () => {
    const containers = [
      container('sidecar', 'other:1'),
      container('controller', 'registry.example/modelcache:1'),
    ]
    const paths: string[] = []
    const get = async (path: string) => {
      paths.push(path)
      return { spec: { containers } }
    }
    expect(await settings({}, get)).toMatchObject({
      image: 'registry.example/modelcache:1',
      imagePullPolicy: 'Always',
    })
    expect(paths).toEqual([`/api/v1/namespaces/system/pods/${hostname()}`])
  })

  test('is the one that is named, and then nobody is asked', async () => {
    expect(await settings({ 'hydrator-image': 'mine:2' })).toMatchObject({ image: 'mine:2' })
  })

  test('is asked for where neither is there', async () => {
    const get = () => Promise.reject(new ApiError(404, 'NotFound', 'no such pod'))
    await expect(settings({}, get)).rejects.toThrow(/set --hydrator-image/)
  })
})

describe('the defaults of the installation', () => {
  const read = async (text: string) => {
    const file = join(dir, 'defaults.yaml')
    await writeFile(file, text)
    return settings({ 'hydrator-image': 'x', 'hydration-defaults': file })
  }

  test('come from a file, and its variables and CA reach every Job', async () => {
    const { defaults, env } = await read(`
labels: { team: search }
securityContext: { runAsUser: null }
env: [{ name: HTTPS_PROXY, value: "http://$(x)" }]
ca: ${JSON.stringify(PEM)}
`)
    expect(defaults).toEqual({ labels: { team: 'search' }, securityContext: { runAsUser: null } })
    const named = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    expect(named.HTTPS_PROXY).toBe('http://$$(x)')
    expect(textOf('MODELCACHE_SOURCE_CA', named)).toBe(PEM)
  })

  test('may be none', async () => {
    expect((await read('# nothing')).defaults).toEqual({})
  })

  test.each([
    ['an unknown key', 'label: { a: b }', /label/],
    ['a wrong value', 'priorityClassName: 5', /priorityClassName: /],
    ['no YAML', 'a: [', /defaults\.yaml: /],
    ['no certificate', 'ca: nonsense', /ca: has no PEM certificate/],
  ])('are not read from a file with %s', async (_, text, words) => {
    await expect(read(text)).rejects.toThrow(UsageError)
    await expect(read(text)).rejects.toThrow(words)
  })
})

describe('every Job gets', () => {
  const envOf = async (ca?: string) =>
    Object.fromEntries(
      (await settings({ 'hydrator-image': 'x', 'source-ca': ca })).env.map(({ name, value }) => [
        name,
        value,
      ]),
    )

  test('proxies and the hub of the controller, as they are', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://user:$(pass)@proxy:3128')
    vi.stubEnv('NO_PROXY', '')
    vi.stubEnv('HF_ENDPOINT', 'https://hf.example')
    const env = await envOf()
    expect(env).toMatchObject({
      HTTPS_PROXY: 'http://user:$$(pass)@proxy:3128',
      HF_ENDPOINT: 'https://hf.example',
    })
    expect(env).not.toHaveProperty('NO_PROXY')
  })

  test('the CA of the company', async () => {
    const file = join(dir, 'ca.pem')
    await writeFile(file, PEM)
    expect(textOf('MODELCACHE_SOURCE_CA', await envOf(file))).toBe(PEM)
  })

  test.each([
    ['none', undefined, /ENOENT/],
    ['no certificate', 'nonsense', /no PEM certificate/],
    ['far too many', PEM.repeat(10_000), /a Job has room for at most 524288/],
  ])('not a file with %s', async (name, content, words) => {
    const file = join(dir, name)
    if (content !== undefined) await writeFile(file, content)
    await expect(envOf(file)).rejects.toThrow(UsageError)
    await expect(envOf(file)).rejects.toThrow(words)
  })
})
