import { describe, expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import { allow } from '../decision.ts'
import { reasonsOf } from '../fixtures.ts'
import { create, spec, update, violationOf } from './fixtures.ts'

describe('the mount path', () => {
  test.each([
    '/mnt/model',
    '/models',
    '/mnt',
    '/var/lib/models',
    '/opt/models',
    '/home/user/models',
    '/devices',
    '/tmp/models',
    '/run/models',
    '/mnt/..model',
  ])('may be %s', path => {
    expect(create(spec({ mount: { path } }))).toEqual(allow())
  })

  test.each([
    '/root/.cache/huggingface',
    '/home/user/.cache',
    '/home/user',
    '/usr/local/share',
    '/usr/share/models',
    '/opt/conda/lib',
    '/var/lib',
    '/app',
  ])('is better not %s', path => {
    const decision = create(spec({ mount: { path } }))
    expect(decision).toMatchObject({
      allowed: true,
      warnings: [{ violation: { reason: 'MountPathOccupied' } }],
    })
  })

  test.each([
    'mnt/model',
    '//',
    '/mnt/model/',
    '/mnt//model',
    '/mnt/./model',
    '/mnt/../etc',
    '/mnt/..',
    '/mnt/.',
    '/mnt:model',
    './model',
  ])('is MountPathInvalid as %s', path => {
    const found = violationOf(create(spec({ mount: { path } })))
    expect(found).toMatchObject({ reason: 'MountPathInvalid', field: 'spec.mount.path' })
    expect(found.text).toContain(JSON.stringify(path))
    expect(found.text).toContain('such as /mnt/model')
  })

  test.each([
    '/etc',
    '/usr',
    '/var',
    '/var/run',
    '/var/run/secrets',
    '/var/run/secrets/kubernetes.io/serviceaccount',
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
    '/proc/self',
    '/sys/fs',
    '/dev',
    '/dev/shm',
    '/root',
    '/tmp',
  ])('is MountPathReserved as %s', path => {
    const found = violationOf(create(spec({ mount: { path } })))
    expect(found).toMatchObject({ reason: 'MountPathReserved', field: 'spec.mount.path' })
    expect(found.text).toContain(path)
    expect(found.text).toContain('use another path')
  })

  test('of one character, the root, never passes', () => {
    expect(
      reasonsOf(create({ ...aModelCache(), spec: { ...aModelCache().spec, mount: { path: '/' } } })),
    ).toEqual(['SpecInvalid'])
  })
})

describe('scratch folders', () => {
  const scratch = (...folders: string[]) => create(spec({ mount: { path: '/mnt/model', scratch: folders } }))

  test('are below the path', () => {
    expect(scratch('.cache', 'a/b', 'a-b')).toEqual(allow())
  })

  test.each([['/a'], ['a/'], ['../a'], ['a//b'], ['./a'], ['a:b'], ['a\u0000'], ['a', 'a/b'], ['a', 'a']])(
    'must not be %j %j',
    (...folders) => {
      expect(reasonsOf(scratch(...folders))).toEqual(['MountPathInvalid'])
    },
  )

  test('hide no credentials', () => {
    expect(reasonsOf(scratch('.aws'))).toEqual(['MountPathReserved'])
  })

  test('never change: they are made where the bytes are staged', () => {
    const mount = { path: '/mnt/model' }
    expect(reasonsOf(update(spec({ mount }), spec({ mount: { ...mount, scratch: ['a'] } })))).toEqual([
      'FieldImmutable',
    ])
  })
})
