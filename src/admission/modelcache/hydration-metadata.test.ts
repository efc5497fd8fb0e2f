import { describe, expect, test } from 'vitest'
import { aModelCache, NAMESPACE } from '../../api/fixtures.ts'
import { aPolicy, aView } from '../fixtures.ts'
import { hydrationMetadata } from './hydration-metadata.ts'

interface Metadata {
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

const cacheOf = (hydration: Metadata) => aModelCache({ spec: { hydration } })

function reasons(
  hydration: Metadata,
  { old, allowed }: { old?: Metadata; allowed?: string[] } = {},
): string[] {
  const change = { namespace: NAMESPACE, cache: cacheOf(hydration), old: old && cacheOf(old) }
  return hydrationMetadata(change, aView(), aPolicy({ hydrationKeys: allowed })).map(
    ({ violation }) => violation.reason,
  )
}

describe('a hydration pod may have', () => {
  test.each<[string, Metadata]>([
    ['nothing', {}],
    ['keys without a prefix', { labels: { team: 'search' }, annotations: { note: 'any text\nat all' } }],
    ['the identity of a cloud', { labels: { 'azure.workload.identity/use': 'true' } }],
    ['a queue', { labels: { 'kueue.x-k8s.io/queue-name': 'nightly' } }],
    ['an empty value', { labels: { team: '' } }],
    ['16 KiB of them', { annotations: { a: 'x'.repeat(8_000), b: 'x'.repeat(8_382) } }],
  ])('%s', (_what, metadata) => {
    expect(reasons(metadata)).toEqual([])
  })

  test('and its claim may have the same, and nothing else', () => {
    const found = (annotations: Record<string, string>) => {
      const cache = aModelCache({ spec: { storage: { pvc: { storageClassName: 'shared', annotations } } } })
      return hydrationMetadata({ namespace: NAMESPACE, cache, old: undefined }, aView(), aPolicy())
    }
    expect(found({ team: 'search' })).toEqual([])
    // Some provisioners take the path of a volume from it.
    const field = 'spec.storage.pvc.annotations[nfs.io/storage-path]'
    expect(found({ 'nfs.io/storage-path': 'shared' })).toMatchObject([
      { violation: { reason: 'HydrationMetadataNotAllowed', field } },
    ])
  })

  test('what its installation allows, by name or by prefix', () => {
    const metadata = { labels: { 'example.com/cost': '1', 'other.io/a': '1' } }
    expect(reasons(metadata)).toEqual(['HydrationMetadataNotAllowed', 'HydrationMetadataNotAllowed'])
    expect(reasons(metadata, { allowed: ['example.com/*', 'other.io/a'] })).toEqual([])
    expect(reasons({ labels: { 'example.com.evil/x': '1' } }, { allowed: ['example.com/*'] })).toHaveLength(1)
  })

  test('what it had before, whatever that was', () => {
    const old = { annotations: { 'vault.hashicorp.com/agent-inject': 'true' } }
    expect(reasons(old, { old })).toEqual([])
    expect(reasons({ ...old, labels: { team: 'a' } }, { old })).toEqual(['HydrationMetadataNotAllowed'])
  })
})

describe('it may not have', () => {
  test.each<[string, Metadata]>([
    ['what injectors obey', { annotations: { 'vault.hashicorp.com/agent-inject': 'true' } }],
    ['a label that they obey', { labels: { 'admission.datadoghq.com/enabled': 'true' } }],
    ['what is ours', { annotations: { 'modelplane.ai/hydrator-image': 'evil' } }],
    [
      'another spelling of what is allowed',
      { labels: { 'Kueue.x-k8s.io/queue-name': 'a', 'kueue.x-k8s.io/Queue-name': 'a' } },
    ],
  ])('%s', (_what, metadata) => {
    expect(reasons(metadata).every(reason => reason.startsWith('HydrationMetadata'))).toBe(true)
    expect(reasons(metadata)).not.toEqual([])
  })

  test.each<[string, Metadata]>([
    ['a key with a space', { annotations: { 'a b': '' } }],
    ['an empty key', { annotations: { '': '' } }],
    ['a key with two prefixes', { annotations: { 'a/b/c': '' } }],
    ['a key with an empty prefix', { annotations: { '/c': '' } }],
    ['a key of 64 characters', { labels: { ['x'.repeat(64)]: '' } }],
    ['a value with a space', { labels: { team: 'a b' } }],
    ['more than 16 KiB', { annotations: { a: 'x'.repeat(8_000), b: 'x'.repeat(8_383) } }],
  ])('%s', (_what, metadata) => {
    expect(reasons(metadata)).toEqual(['HydrationMetadataInvalid'])
  })
})
