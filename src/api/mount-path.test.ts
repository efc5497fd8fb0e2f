import { describe, expect, test } from 'vitest'
import { cleanPath, isWithin, reservedPath } from './mount-path.ts'

describe('a path lies within another', () => {
  test.each([
    ['/a', '/a', true],
    ['/a/b', '/a', true],
    ['/a', '/a/b', false],
    ['/ab', '/a', false],
    ['/a', '/', true],
    ['/', '/', true],
    ['/', '/a', false],
  ])('%s in %s: %j', (inner, outer, expected) => {
    expect(isWithin(inner, outer)).toBe(expected)
  })
})

test.each([
  ['/a/b', '/a/b'],
  ['/a/b/', '/a/b'],
  ['//a///b', '/a/b'],
  ['/a/./b/.', '/a/b'],
  ['a/b', '/a/b'],
  ['/', '/'],
  ['', '/'],
  ['/a/..b', '/a/..b'],
])('%j is read as %s', (path, expected) => {
  expect(cleanPath(path)).toBe(expected)
})

test.each([
  ['/etc', '/etc'],
  ['/', '/bin'],
  ['/var/run/secrets', '/var/run/secrets/kubernetes.io/serviceaccount'],
  ['/proc/1', '/proc'],
  ['/run/secrets', '/run/secrets/kubernetes.io/serviceaccount'],
  ['/run/secrets/kubernetes.io/serviceaccount/x', '/run/secrets/kubernetes.io/serviceaccount'],
  ['/etc/passwd', '/etc'],
  ['/etc/ld.so.preload', '/etc'],
  ['/usr/bin', '/usr/bin'],
  ['/usr/lib/x86_64-linux-gnu', '/usr/lib'],
  ['/lib64', '/lib64'],
  ['/usr/share/models', undefined],
  ['/opt/model', undefined],
  ['/mnt/model', undefined],
  ['/devices', undefined],
])('a mount at %s meets reserved path %s', (path, expected) => {
  expect(reservedPath(path)).toBe(expected)
})
