import { describe, expect, test, vi } from 'vitest'
import { openBucket } from './bucket.ts'

const KEYS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const bucketOf = (
  given: { name?: string; region?: string; endpoint?: string; requesterPays?: boolean } = {},
) => openBucket({ name: 'models', region: 'eu-central-1', credentials: async () => KEYS, ...given })

describe('the address of a bucket', () => {
  test.each([
    [{}, 'https://models.s3.eu-central-1.amazonaws.com/a/b'],
    [{ region: 'cn-north-1' }, 'https://models.s3.cn-north-1.amazonaws.com.cn/a/b'],
    // The certificate of AWS has no names with more dots.
    [{ name: 'my.models' }, 'https://s3.eu-central-1.amazonaws.com/my.models/a/b'],
    [{ endpoint: 'http://minio.minio:9000' }, 'http://minio.minio:9000/models/a/b'],
    [{ endpoint: 'https://store.example/s3/' }, 'https://store.example/s3/models/a/b'],
  ])('of %j is by the rules of S3', (given, url) => {
    expect(bucketOf(given).url('a/b')).toBe(url)
  })

  test.each([
    ['ä b', '%C3%A4%20b'],
    ["it's (1)*!", 'it%27s%20%281%29%2A%21'],
    ['a+b&c=d%', 'a%2Bb%26c%3Dd%25'],
  ])('has key %j encoded as RFC 3986 has it', (key, encoded) => {
    expect(bucketOf().url(key)).toBe(`https://models.s3.eu-central-1.amazonaws.com/${encoded}`)
  })
})

test('a query has a space as S3 signs it', () => {
  expect(bucketOf().url('', { prefix: 'a b/&c' })).toBe(
    'https://models.s3.eu-central-1.amazonaws.com/?prefix=a%20b%2F%26c',
  )
})

describe('a request', () => {
  test('is signed as botocore 1.43 signs it', async () => {
    vi.useFakeTimers({ now: Date.UTC(2013, 4, 24), toFake: ['Date'] })
    const bucket = bucketOf({ name: 'examplebucket', region: 'us-east-1' })
    // The keys and the date are those of the examples in the S3 API reference.
    const url = new URL('https://examplebucket.s3.us-east-1.amazonaws.com/test.txt')
    const headers = await bucket.sign({ method: 'GET', url, headers: { range: 'bytes=0-9' } })
    vi.useRealTimers()
    expect(headers).toMatchObject({
      'x-amz-date': '20130524T000000Z',
      'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
        'SignedHeaders=host;range;x-amz-checksum-mode;x-amz-content-sha256;x-amz-date',
        'Signature=698e447536645330f9964d86546f2d3b1de13e6fd20a1f97e61396da7d9743f8',
      ].join(', '),
    })
  })

  test('of nobody in particular is not signed', async () => {
    const bucket = openBucket({ name: 'public', region: 'us-east-1', credentials: async () => undefined })
    const headers = await bucket.sign({ method: 'GET', url: new URL(bucket.url('a')), headers: {} })
    expect(headers).toEqual({ 'x-amz-checksum-mode': 'ENABLED' })
    expect(await bucket.isSigned()).toBe(false)
  })

  test('says who pays, if it is not the owner of the bucket', async () => {
    const bucket = bucketOf({ requesterPays: true })
    const headers = await bucket.sign({ method: 'GET', url: new URL(bucket.url('a')), headers: {} })
    expect(headers).toMatchObject({ 'x-amz-request-payer': 'requester' })
  })
})
