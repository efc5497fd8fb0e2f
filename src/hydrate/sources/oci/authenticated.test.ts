import { describe, expect, test } from 'vitest'
import type { Http, SourceRequest } from '../../fetch/http.ts'
import type { Reply } from '../../fetch/reply.ts'
import { authenticatedHttp } from './authenticated.ts'

const CHALLENGE = 'Bearer realm="https://tokens.test/token",service="s",scope="repository:a:pull"'
const TOKENS = 'https://tokens.test/token'

/** A registry that takes the newest token alone, and the server that gives them. */
function aRegistry({ seconds = 300, challenge = CHALLENGE } = {}) {
  let given = 0
  const authorizations: (string | undefined)[] = []
  const reply = (status: number, text = '', headers = {}): Reply => ({
    status,
    headers,
    body: [Buffer.from(text)] as unknown as AsyncIterable<Uint8Array>,
    drop() {},
  })
  const http: Http = {
    async get(request: SourceRequest) {
      const url = new URL(request.url)
      const signed = await request.sign?.({ method: 'GET', url, headers: {} })
      if (request.url.startsWith(TOKENS)) {
        given += 1
        return reply(200, JSON.stringify({ token: `token-${given}`, expires_in: seconds }))
      }
      authorizations.push(signed?.authorization)
      if (given > 0 && signed?.authorization === `Bearer token-${given}`) return reply(200)
      return reply(401, '', { 'www-authenticate': challenge })
    },
  }
  const revoke = () => {
    given += 1
  }
  return { http, authorizations, revoke, tokens: () => given }
}

const { signal } = new AbortController()
const request = { url: 'https://r.test/v2/a/blobs/sha256:1', signal }

describe('a token', () => {
  test('is asked for once by connections side by side, and then used', async () => {
    const { http, tokens } = aRegistry()
    const registry = authenticatedHttp(http, { credentials: undefined, scope: '' })
    const first = await Promise.all([1, 2, 3].map(() => registry.get(request)))
    expect(first.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await registry.get(request)).status).toBe(200)
    expect(tokens()).toBe(1)
  })

  test('is renewed before it ends', async () => {
    const { http, authorizations } = aRegistry({ seconds: 60 })
    let now = 0
    const registry = authenticatedHttp(http, { credentials: undefined, scope: '', now: () => now })
    await registry.get(request)
    now = 49_000
    await registry.get(request)
    now = 51_000
    await registry.get(request)
    expect(authorizations).toEqual([undefined, 'Bearer token-1', 'Bearer token-1', 'Bearer token-2'])
  })

  test('is renewed once for all connections', async () => {
    const { http, tokens } = aRegistry({ seconds: 60 })
    let now = 0
    const registry = authenticatedHttp(http, { credentials: undefined, scope: '', now: () => now })
    await registry.get(request)
    now = 55_000
    await Promise.all([1, 2, 3].map(() => registry.get(request)))
    expect(tokens()).toBe(2)
  })

  test('that the registry takes no more is replaced', async () => {
    const { http, revoke } = aRegistry()
    const registry = authenticatedHttp(http, { credentials: undefined, scope: '' })
    await registry.get(request)
    revoke()
    expect((await registry.get(request)).status).toBe(200)
  })
})

test.each([
  ['ftp://tokens.test/', /no https URL/],
  ['http://tokens.test/', /no https URL/],
  ['not a URL', /no https URL/],
])('no credentials go to %s', async (realm, words) => {
  const { http } = aRegistry({ challenge: `Bearer realm="${realm}"` })
  const credentials = { kind: 'password', username: 'u', password: 'p' } as const
  await expect(authenticatedHttp(http, { credentials, scope: '' }).get(request)).rejects.toThrow(words)
})
