import { expect, test } from 'vitest'
import { challengeIn } from './challenge.ts'

const bearer = { scheme: 'bearer', realm: 'https://t/', service: undefined, scope: undefined }

test.each<[string | string[] | undefined, unknown]>([
  [undefined, undefined],
  ['Digest realm="x"', undefined],
  ['Bearer service="x"', undefined],
  ['Basic realm="registry"', { scheme: 'basic' }],
  ['bearer realm=https://t/', bearer],
  [['Basic realm="x"', 'Bearer realm="https://t/"'], bearer],
  [
    'Bearer realm="https://t/",service="s",scope="repository:a/b:pull,push"',
    { ...bearer, service: 's', scope: 'repository:a/b:pull,push' },
  ],
])('%j is answered by %j', (header, expected) => {
  expect(challengeIn(header)).toEqual(expected)
})
