import { describe, expect, test } from 'vitest'
import { rejection, unreachable } from './rejection.ts'
import { TransientError } from './retry.ts'

const ASKED = 'https://hub.example/org/model/resolve/main/a.safetensors'

const judged = (
  status: number,
  {
    url = ASKED,
    hasToken = false,
    headers = {},
  }: { url?: string; hasToken?: boolean; headers?: Record<string, string> } = {},
) => rejection({ reply: { status, headers }, url: new URL(url), asked: ASKED, hasToken })

const CDN = { url: 'https://cdn.example/blob?signature=secret' }

describe('an answer that is no success is judged', () => {
  test.each<[string, Parameters<typeof judged>, reason: string, mayPass: boolean, words: string]>([
    ['401 without a token', [401], 'Unauthorized', false, 'set secretRef'],
    ['403 with a token', [403, { hasToken: true }], 'Unauthorized', false, 'put a token that may read it'],
    ['403 of a CDN', [403, CDN], 'SourceUnavailable', true, 'the address may have expired'],
    ['404 without a token', [404], 'SourceNotFound', false, 'it does not exist, or needs a token'],
    ['404 with a token', [404, { hasToken: true }], 'SourceNotFound', false, 'it does not exist'],
    ['429', [429], 'RateLimited', true, 'too many requests'],
    ['500', [500], 'SourceUnavailable', true, 'answers 500'],
    [
      'a gated repository without a token',
      [403, { headers: { 'x-error-code': 'GatedRepo' } }],
      'GatedRepository',
      false,
      'with your account, and set secretRef',
    ],
    [
      'a gated repository with a token',
      [403, { hasToken: true, headers: { 'x-error-code': 'GatedRepo' } }],
      'GatedRepository',
      false,
      'with the account of the token',
    ],
    ['407', [407], 'SourceUnavailable', true, 'the proxy before https://hub.example'],
    [
      '403 of a Squid',
      [403, { headers: { 'x-squid-error': 'ERR_ACCESS_DENIED 0' } }],
      'SourceUnavailable',
      true,
      'ask its administrator to allow it, or set NO_PROXY',
    ],
    [
      '502 of a proxy that says why',
      [502, { headers: { 'proxy-status': 'proxy.example; error=dns_error' } }],
      'SourceUnavailable',
      true,
      'the proxy before',
    ],
  ])('%s', (_, given, reason, mayPass, words) => {
    const error = judged(...given)
    expect(error).toMatchObject({ reason, message: expect.stringContaining(words) })
    expect(error instanceof TransientError).toBe(mayPass)
  })

  test('by who answered, and no signature is shown', () => {
    expect(judged(403, CDN).message).toBe(
      `https://cdn.example/blob, to which ${ASKED} redirects, answers 403: the address may have expired`,
    )
  })
})

test.each([
  ['403', 'ask its administrator to allow it, or set NO_PROXY'],
  ['407', 'put a user and a password in the URL of the proxy'],
])('a proxy that answers %s to CONNECT is named', (status, words) => {
  const said = new Error(`Proxy response (${status}) !== 200 when HTTP Tunneling`)
  expect(unreachable(ASKED, said).message).toBe(`the proxy before ${ASKED} answers ${status}: ${words}`)
})
