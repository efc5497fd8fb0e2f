import { describe, expect, test } from 'vitest'
import { aModelCache } from '../../api/fixtures.ts'
import { allow } from '../decision.ts'
import { reasonsOf } from '../fixtures.ts'
import { create, spec, violationOf } from './fixtures.ts'

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
