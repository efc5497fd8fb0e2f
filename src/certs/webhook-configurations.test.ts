import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FakeApiServer, startFakeApiServer } from '../kube/api-server.fixtures.ts'
import { silentLogger as logger } from '../kube/logger.fixtures.ts'
import { aCA } from './certificates.fixtures.ts'
import {
  base64,
  ownWebhooks,
  showsBundle,
  trusts,
  type WebhookConfiguration,
  watchConfigurations,
  webhookConfigurations,
} from './webhook-configurations.ts'

const SERVICE = { name: 'modelcache-webhook', namespace: 'modelcache-system' }
const [mutating, validating] = webhookConfigurations

/** One of our configurations with these values of `caBundle`. */
function aConfiguration(...bundles: (string | undefined)[]): WebhookConfiguration {
  const webhooks = bundles.map((caBundle, index) => ({
    name: `${index}.modelplane.ai`,
    clientConfig: { service: SERVICE, caBundle },
  }))
  return { metadata: { name: mutating.name }, webhooks }
}

describe('the webhooks of ours', () => {
  test('are those that call our Service', () => {
    const called = (service: object | null | undefined, name: string) => ({ name, clientConfig: { service } })
    const object = mutating.schema.parse({
      metadata: { name: mutating.name },
      webhooks: [
        called(SERVICE, 'ours'),
        called({ ...SERVICE, path: '/validate-pods', port: 443 }, 'ours by a path'),
        called({ ...SERVICE, name: 'other' }, 'another Service'),
        called({ ...SERVICE, namespace: 'other' }, 'another namespace'),
        called(undefined, 'by URL'),
        called(null, 'by null'),
      ],
    })
    expect(ownWebhooks(object, SERVICE).map(({ name }) => name)).toEqual(['ours', 'ours by a path'])
  })

  test.each([undefined, []])('are none where webhooks are %j', webhooks => {
    expect(ownWebhooks({ metadata: { name: 'x' }, webhooks }, SERVICE)).toEqual([])
  })
})

describe('a configuration', () => {
  let first: string
  let second: string

  beforeAll(async () => {
    const [a, b] = await Promise.all([aCA(), aCA()])
    first = a.certPem
    second = b.certPem
  })

  test('shows a bundle only if each webhook of ours trusts just that', () => {
    const both = base64(first + second)
    const shows = (...bundles: (string | undefined)[]) =>
      showsBundle(aConfiguration(...bundles), SERVICE, first + second)
    expect(shows(both, both)).toBe(true)
    expect(shows(both, base64(first))).toBe(false)
    expect(shows(base64(second + first))).toBe(false)
    for (const absent of ['', undefined]) expect(shows(both, absent)).toBe(false)
  })

  test('trusts a certificate if each webhook of ours does, among others too', () => {
    const trusting = (...bundles: (string | undefined)[]) =>
      trusts(aConfiguration(...bundles), SERVICE, second)
    expect(trusting(base64(second), base64(first + second))).toBe(true)
    expect(trusting(base64(second), base64(first))).toBe(false)
    for (const absent of ['', undefined]) expect(trusting(base64(second), absent)).toBe(false)
  })

  test('is not judged by webhooks of others', () => {
    const object = aConfiguration(base64(first))
    const foreign = { name: 'theirs', clientConfig: { service: { ...SERVICE, name: 'other' } } }
    const mixed = { ...object, webhooks: [...(object.webhooks ?? []), foreign] }
    expect(showsBundle(mixed, SERVICE, first)).toBe(true)
    expect(trusts(mixed, SERVICE, first)).toBe(true)
  })
})

describe('a watch', () => {
  let server: FakeApiServer
  let stop: AbortController

  beforeEach(async () => {
    server = await startFakeApiServer()
    stop = new AbortController()
  })

  afterEach(async () => {
    stop.abort()
    await server[Symbol.asyncDispose]()
  })

  const start = () => watchConfigurations({ config: server.config, logger, signal: stop.signal })
  const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 })
  const seen = (watch: ReturnType<typeof start>) =>
    watch.present().map(({ resource, object }) => `${resource.kind} ${object.metadata.name}`)

  test('knows our two configurations and no others, neither by sight nor by right', async () => {
    for (const resource of webhookConfigurations)
      for (const name of [resource.name, 'of-somebody-else'])
        server.put(resource, { ...aConfiguration(''), metadata: { name } })
    const watch = start()
    expect(watch.synced()).toBe(false)
    await until(() => expect(watch.synced()).toBe(true))
    await until(() => expect(server.openWatches()).toBe(2))
    expect(seen(watch)).toEqual([
      'MutatingWebhookConfiguration modelcache-mutating',
      'ValidatingWebhookConfiguration modelcache-validating',
    ])
    const names = [...server.listQueries, ...server.watchQueries].map(query => query.get('fieldSelector'))
    expect(names.toSorted()).toEqual([
      'metadata.name=modelcache-mutating',
      'metadata.name=modelcache-mutating',
      'metadata.name=modelcache-validating',
      'metadata.name=modelcache-validating',
    ])
  })

  test('is not synced before both were listed, and then although neither exists', async () => {
    server.failNext(1, { on: 'list', how: 403 })
    const { release } = server.hold()
    const watch = start()
    await until(() => expect(server.requests).toHaveLength(2))
    expect(watch.synced()).toBe(false)
    release()
    await until(() => expect(watch.synced()).toBe(true))
    expect(watch.present()).toEqual([])
  })

  test('tells every change of either, until nobody wants to know', async () => {
    const watch = start()
    await until(() => expect(watch.synced()).toBe(true))
    const told: string[][] = []
    const quit = watch.onChange(() => told.push(seen(watch)))
    server.put(mutating, aConfiguration('bmV3'))
    server.put(mutating, aConfiguration('b2xk'))
    await until(() => expect(told).toHaveLength(2))
    server.put(validating, { ...aConfiguration(), metadata: { name: validating.name } })
    await until(() => expect(told).toHaveLength(3))
    server.delete(mutating, undefined, mutating.name)
    await until(() => expect(told).toHaveLength(4))
    expect(told.at(-1)).toEqual(['ValidatingWebhookConfiguration modelcache-validating'])
    quit()
    server.delete(validating, undefined, validating.name)
    await until(() => expect(watch.present()).toEqual([]))
    expect(told).toHaveLength(4)
  })
})
