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
  ['/a/../b', '/a/../b'],
  ['..', '/..'],
  ['.', '/'],
  ['.a/.b', '/.a/.b'],
  ['/a:b//c', '/a:b/c'],
])('%j is read as %s', (path, expected) => {
  expect(cleanPath(path)).toBe(expected)
})

test.each([
  ['/etc', '/etc'],
  ['/', '/bin'],
  ['/var/run/secrets', '/var/run/secrets'],
  ['/var/run/secrets/eks.amazonaws.com/serviceaccount', '/var/run/secrets'],
  ['/var/run/secrets/azure/tokens', '/var/run/secrets'],
  ['/vault', '/vault/secrets'],
  ['/usr/local', '/usr/local'],
  ['/usr/local/bin', '/usr/local/bin'],
  ['/usr/local/lib/python3.12/site-packages', '/usr/local/lib'],
  ['/usr/local/share/models', undefined],
  ['/root/.ssh', '~/.ssh'],
  ['/home/jane/.ssh/keys', '~/.ssh'],
  ['/home/jane/.config/gcloud', '~/.config/gcloud'],
  ['/srv/.aws', '~/.aws'],
  ['/root/.cache/huggingface', undefined],
  ['/root/.sshd', undefined],
  ['/proc/1', '/proc'],
  ['/run/secrets', '/run/secrets'],
  ['/run/secrets/kubernetes.io/serviceaccount/x', '/run/secrets'],
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
