import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Sign } from '../../fetch/http.ts'
import type { CredentialSource } from './credentials.ts'

/** A bucket, and how its requests are signed. */
export interface Bucket {
  readonly name: string
  /** The URL of a key, or of the bucket itself, with a query. */
  url(key?: string, query?: Readonly<Record<string, string>>): string
  readonly sign: Sign
  /** Whether there are credentials. */
  isSigned(): Promise<boolean>
}

export interface BucketOptions {
  name: string
  region: string
  /** A store that is not AWS. Its buckets are the first part of the path. */
  endpoint?: string | undefined
  credentials: CredentialSource
  /** Pay for requests in the place of the owner. */
  requesterPays?: boolean | undefined
}

/** Headers of every request: S3 gives a checksum if it is asked for one. */
const CHECKSUMS = { 'x-amz-checksum-mode': 'ENABLED' }

/** A bucket by its address, as "Virtual hosting of general purpose buckets" of the S3 user guide has it. */
export function openBucket(options: BucketOptions): Bucket {
  const { name, region, endpoint, credentials, requesterPays } = options
  const always = { ...CHECKSUMS, ...(requesterPays && { 'x-amz-request-payer': 'requester' }) }
  const base = baseOf({ name, region, endpoint })
  return {
    name,
    url(key = '', query = {}) {
      const path = `${base}/${key.split('/').map(encoded).join('/')}`
      const members = Object.entries(query).map(([member, value]) => `${member}=${encoded(value)}`)
      return members.length === 0 ? path : `${path}?${members.join('&')}`
    },
    async sign({ method, url, headers }) {
      const held = await credentials()
      if (held === undefined) return always
      const signer = new SignatureV4({
        credentials: held,
        region,
        service: 's3',
        sha256: Sha256,
        // The path is encoded already.
        uriEscapePath: false,
        applyChecksum: true,
      })
      const signed = await signer.sign({
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port !== '' && { port: Number(url.port) }),
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: { ...headers, ...always, host: url.host },
      })
      return signed.headers
    },
    isSigned: async () => (await credentials()) !== undefined,
  }
}

function baseOf({ name, region, endpoint }: Omit<BucketOptions, 'credentials'>): string {
  if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, '')}/${name}`
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  // The certificate of AWS is for names without dots.
  return name.includes('.')
    ? `https://s3.${region}.${domain}/${name}`
    : `https://${name}.s3.${region}.${domain}`
}

/** As RFC 3986 encodes, which S3 signs: encodeURIComponent leaves five characters as they are. */
function encoded(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** SHA-256 as the signer wants it. */
class Sha256 {
  #secret: string | ArrayBuffer | ArrayBufferView | undefined
  #hash = createHash('sha256') as ReturnType<typeof createHash> | ReturnType<typeof createHmac>

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret
    this.reset()
  }

  reset(): void {
    const secret = this.#secret
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(chunk))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}
