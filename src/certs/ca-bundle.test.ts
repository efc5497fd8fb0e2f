import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { silentLogger as logger } from '../kube/logger.fixtures.ts'
import { type Authority, trustBundle } from './authority.ts'
import { startCaBundleWriter } from './ca-bundle.ts'
import { aCA, aSecretOf, NOW } from './certificates.fixtures.ts'
import { aConfiguration, anInstallation, FOREIGN, SERVICE } from './installation.fixtures.ts'
import type { KeyedCertificate } from './issue.ts'
import { base64 } from './webhook-configurations.ts'

let a: KeyedCertificate
let b: KeyedCertificate
let stop: AbortController

beforeAll(async () => {
  ;[a, b] = await Promise.all([aCA(), aCA()])
})

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  stop = new AbortController()
})

afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

/** Each look has a turn of the event loop of its own. */
const settled = async () => {
  for (let turn = 0; turn < 10; turn++) await vi.advanceTimersByTimeAsync(0)
}
const alone = (): Authority => ({ signer: a, next: undefined, previous: [] })
const rotating = (): Authority => ({ signer: a, next: b, previous: [] })

/** An installation whose two configurations trust what they are given, with a running writer. */
function aWriter({ stored = alone(), trusted }: { stored?: Authority; trusted?: Authority } = {}) {
  const at = anInstallation()
  at.putAuthority(stored)
  at.mutating.set(aConfiguration('mutating', trusted))
  at.validating.set(aConfiguration('validating', trusted))
  const start = (signal = stop.signal) => startCaBundleWriter({ ...at, service: SERVICE, logger, signal })
  start()
  return { ...at, start, names: () => at.applied.map(({ name }) => name) }
}

/** `caBundle` of all webhooks if ours trust that and no others have changed. */
function all(authority: Authority) {
  const caBundle = base64(trustBundle(authority))
  const ours = ['mutating', 'validating'].flatMap(kind => [
    `${kind}.pods.modelplane.ai`,
    `${kind}.jobs.modelplane.ai`,
  ])
  return {
    ...Object.fromEntries(ours.map(name => [name, caBundle])),
    [FOREIGN.name]: FOREIGN.caBundle,
  }
}

describe('the writer of caBundle', () => {
  test('fills it in where it is missing, that field of our webhooks alone, by one apply for each configuration', async () => {
    const { applied, bundles } = aWriter()
    await settled()
    expect(bundles()).toEqual(all(alone()))
    const options = { fieldManager: 'modelcache-certificates', force: true, signal: stop.signal }
    expect(applied).toEqual(
      ['mutating', 'validating'].map(kind => ({
        name: `modelcache-${kind}`,
        webhooks: [`${kind}.pods.modelplane.ai`, `${kind}.jobs.modelplane.ai`],
        options,
      })),
    )
  })

  test('writes nothing while it is right, whatever else changes', async () => {
    const { applied, changeSecret, mutating, validating } = aWriter({ trusted: alone() })
    await settled()
    const annotations = { touched: 'yes' }
    changeSecret(secret => ({ ...secret, metadata: { ...secret.metadata, annotations } }))
    for (const [kind, kept] of [['mutating', mutating] as const, ['validating', validating] as const]) {
      const configuration = aConfiguration(kind, alone())
      // The same webhooks in another order, and then without the foreign one.
      kept.set({ ...configuration, webhooks: configuration.webhooks?.toReversed() })
      kept.set({ ...configuration, webhooks: configuration.webhooks?.slice(0, 2) })
    }
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(applied).toEqual([])
  })

  test.each(['', undefined, base64('mine'), 'no base64'])(
    'puts it back when one webhook is given %j, by one apply',
    async caBundle => {
      const { applied, bundles, mutating, names } = aWriter({ trusted: alone() })
      const [first, ...others] = aConfiguration('mutating', alone()).webhooks ?? []
      for (let times = 1; times <= 3; times++) {
        const changed = { name: first?.name ?? '', clientConfig: { service: SERVICE, caBundle } }
        mutating.set({ metadata: { name: 'modelcache-mutating' }, webhooks: [changed, ...others] })
        await settled()
        expect(bundles()).toEqual(all(alone()))
        expect(applied).toHaveLength(times)
      }
      expect(new Set(names())).toEqual(new Set(['modelcache-mutating']))
    },
  )

  test('follows the Secret: a CA added, and dropped', async () => {
    const { applied, bundles, putAuthority } = aWriter({ trusted: alone() })
    for (const authority of [rotating(), { ...alone(), signer: b }]) {
      putAuthority(authority)
      await settled()
      expect(bundles()).toEqual(all(authority))
    }
    expect(applied).toHaveLength(4)
  })

  test('writes to a configuration that comes late, or again, and makes none', async () => {
    const at = anInstallation()
    at.putAuthority(alone())
    startCaBundleWriter({ ...at, service: SERVICE, logger, signal: stop.signal })
    await settled()
    expect(at.applied).toEqual([])
    for (let times = 1; times <= 2; times++) {
      at.validating.set(aConfiguration('validating'))
      await settled()
      expect(at.applied).toHaveLength(times)
      at.validating.set(undefined)
      await settled()
    }
    expect(at.bundles()).toEqual({})
  })

  test('leaves alone a configuration without a webhook of ours', async () => {
    const { applied, mutating } = aWriter({ trusted: alone() })
    const [, , foreign] = aConfiguration('mutating').webhooks ?? []
    mutating.set({ metadata: { name: 'modelcache-mutating' }, webhooks: foreign && [foreign] })
    mutating.set({ metadata: { name: 'modelcache-mutating' } })
    await settled()
    expect(applied).toEqual([])
  })
})

describe('a Secret that cannot be used is never trusted', () => {
  test.each<[string, (data: Record<string, string>) => Record<string, string>]>([
    ['without a key', data => ({ ...data, 'signer.key': '' })],
    ['with the key of another', data => ({ ...data, 'signer.key': base64(a.keyPem) })],
    ['that is garbage', () => ({ 'signer.crt': base64('hello'), 'ca.crt': base64('hello') })],
    ['that is empty', () => ({})],
  ])('one %s', async (_, spoil) => {
    const { applied, bundles, changeSecret, mutating, putAuthority } = aWriter({ trusted: alone() })
    await settled()
    const { data } = aSecretOf(SERVICE.namespace, { ...alone(), signer: b })
    changeSecret(secret => ({ ...secret, data: spoil(data ?? {}) }))
    // Not even to replace nothing.
    mutating.set(aConfiguration('mutating'))
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(applied).toEqual([])
    expect(bundles()).toMatchObject({ 'validating.pods.modelplane.ai': base64(a.certPem) })
    putAuthority(rotating())
    await settled()
    expect(bundles()).toEqual(all(rotating()))
  })

  test('nor is one that is gone forgotten', async () => {
    const { applied, bundles, secret } = aWriter({ trusted: alone() })
    secret.set(undefined)
    await settled()
    expect(applied).toEqual([])
    expect(bundles()).toEqual(all(alone()))
  })
})

describe('a decision from a stale look', () => {
  test('fails, and is made again from what the watch tells then', async () => {
    const { applied, bundles, catchUp, lag, mutating } = aWriter({ trusted: alone() })
    await settled()
    // Somebody empties it, which the watch shows, and fills it again, which the watch does not show yet.
    mutating.set(aConfiguration('mutating'))
    lag()
    mutating.set(aConfiguration('mutating', alone()))
    const { resourceVersion } = mutating.stored()?.metadata ?? {}
    await vi.advanceTimersByTimeAsync(1_000)
    expect(applied.length).toBeGreaterThan(0)
    expect(mutating.stored()?.metadata.resourceVersion).toBe(resourceVersion)
    catchUp()
    const tried = applied.length
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(applied).toHaveLength(tried)
    expect(bundles()).toEqual(all(alone()))
  })

  test('of a writer that does not see its own write does no harm', async () => {
    const { applied, bundles, catchUp, lag } = aWriter()
    lag()
    await settled()
    catchUp()
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(applied).toHaveLength(2)
    expect(bundles()).toEqual(all(alone()))
  })

  test('of two writers one succeeds, and both come to rest', async () => {
    const { applied, bundles, start, putAuthority } = aWriter({ trusted: alone() })
    start()
    await settled()
    putAuthority(rotating())
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(bundles()).toEqual(all(rotating()))
    expect(applied.length).toBeLessThanOrEqual(4)
  })
})

test('after the signal nothing is written or listened to, and started again what was missed is written, once', async () => {
  const { applied, bundles, configurations, mutating, putAuthority, start } = aWriter({ trusted: alone() })
  await settled()
  stop.abort()
  const looked = vi.spyOn(configurations, 'present')
  mutating.set(aConfiguration('mutating'))
  putAuthority(rotating())
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(applied).toEqual([])
  expect(looked).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)

  stop = new AbortController()
  start(stop.signal)
  await settled()
  expect(bundles()).toEqual(all(rotating()))
  expect(applied).toHaveLength(2)
})

test('a write that fails is not tried again after the signal', async () => {
  const { applied, lag, mutating } = aWriter({ trusted: alone() })
  mutating.set(aConfiguration('mutating'))
  lag()
  mutating.set(aConfiguration('mutating'))
  await settled()
  expect(applied).toHaveLength(1)
  stop.abort()
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(applied).toHaveLength(1)
})
