import { expect, test } from 'vitest'
import { apiUrl, parseReference } from './reference.ts'

test.each([
  ['ghcr.io/a/b:v1', 'https://ghcr.io/v2', 'a/b', 'v1'],
  ['r.io:5000/a', 'https://r.io:5000/v2', 'a', 'latest'],
  ['localhost:5000/a:v1', 'http://localhost:5000/v2', 'a', 'v1'],
  ['127.0.0.1/a:v1', 'http://127.0.0.1/v2', 'a', 'v1'],
  ['docker.io/busybox', 'https://registry-1.docker.io/v2', 'library/busybox', 'latest'],
  ['docker.io/ai/llama3.2:1B', 'https://registry-1.docker.io/v2', 'ai/llama3.2', '1B'],
  ['r.io/a:v1@sha256:00', 'https://r.io/v2', 'a', 'sha256:00'],
])('%s is asked for at %s', (text, url, repository, wanted) => {
  const reference = parseReference(text)
  expect(apiUrl(reference, undefined)).toBe(url)
  expect(reference).toMatchObject({ repository, wanted })
})

test('the author says whether a registry has TLS', () => {
  const reference = parseReference('r.internal:5000/a:v1')
  expect(apiUrl(reference, true)).toBe('http://r.internal:5000/v2')
  expect(apiUrl(parseReference('localhost/a:v1'), false)).toBe('https://localhost/v2')
})
