import { expect, test } from 'vitest'
import { isServiceAccountToken } from './service-account-token.ts'

const jwt = (payload: object) =>
  [{ alg: 'RS256' }, payload].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')

const LEGACY = {
  iss: 'kubernetes/serviceaccount',
  'kubernetes.io/serviceaccount/namespace': 'ml-team',
  sub: 'system:serviceaccount:ml-team:deployer',
}

test.each([
  ['of a Secret', `${jwt(LEGACY)}.c2lnbmVk`],
  ['of a projected volume', `${jwt({ iss: 'https://kubernetes.default.svc', sub: LEGACY.sub })}.c2lnbmVk`],
  ['as a header', `Bearer ${jwt(LEGACY)}.c2lnbmVk`],
  ['without its signature', `${jwt(LEGACY)}.`],
])('a token %s is one of a ServiceAccount', (_what, text) => {
  expect(isServiceAccountToken(text)).toBe(true)
})

test.each([
  ['a token of a hub', 'hf_abcdefghijklmnopqrstuvwxyz'],
  ['a token of somebody else', `${jwt({ iss: 'https://login.example.com', sub: 'jane' })}.c2lnbmVk`],
  ['what only looks like one', 'a.b.c'],
  ['a URL', 'https://bucket.example.com/a.b.c?signature=x.y.z'],
  ['nothing', ''],
])('%s is none', (_what, text) => {
  expect(isServiceAccountToken(text)).toBe(false)
})
