import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { podNamespace } from './pod-namespace.ts'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podnamespace-'))
})

afterEach(() => rmSync(dir, { recursive: true }))

test.each([
  ['ml-system', 'ml-system'],
  ['ml-system\n', 'ml-system'],
  ['', undefined],
])('the file with %j says %s', (content, namespace) => {
  const file = join(dir, 'namespace')
  writeFileSync(file, content)
  expect(podNamespace(file)).toBe(namespace)
})

test('outside of a pod there is none', () => {
  expect(podNamespace(join(dir, 'namespace'))).toBeUndefined()
})
