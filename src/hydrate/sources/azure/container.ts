import { createHmac } from 'node:crypto'
import type { Sign } from '../../fetch/http.ts'
import type { AzureAccess } from './credentials.ts'

/** A container of Azure Blob Storage. */
export interface AzureContainer {
  readonly name: string
  readonly sign: Sign
  /** Whether there are credentials. */
  readonly isSigned: boolean
  /** The URL of a page of its listing. */
  page(prefix: string, marker: string | undefined): string
  blob(key: string): string
}

export interface AzureContainerOptions {
  name: string
  account: string
  /** The URL of the account, if it is not that of the public cloud. */
  endpoint?: string | undefined
  access: AzureAccess
}

/** A version of the API that stores beside Azure know, too. */
const VERSION = '2021-12-02'

export function openContainer({ name, account, endpoint, access }: AzureContainerOptions): AzureContainer {
  const base = `${(endpoint ?? `https://${account}.blob.core.windows.net`).replace(/\/+$/, '')}/${name}`
  const at = (path: string, query: Record<string, string>) => {
    const url = new URL(base + path)
    for (const [member, value] of Object.entries(query)) url.searchParams.set(member, value)
    if (access.kind === 'sas') for (const [member, value] of access.query) url.searchParams.set(member, value)
    return url.href
  }
  return {
    name,
    isSigned: access.kind !== 'none',
    page: (prefix, marker) =>
      at('', {
        ...{ restype: 'container', comp: 'list', include: 'metadata', prefix },
        ...(marker !== undefined && { marker }),
      }),
    blob: key => at(`/${key.split('/').map(encodeURIComponent).join('/')}`, {}),
    async sign({ method, url, headers }) {
      const always = { 'x-ms-version': VERSION }
      if (access.kind === 'token') return { ...always, authorization: `Bearer ${await access.token()}` }
      if (access.kind !== 'key') return always
      const dated = { ...always, 'x-ms-date': new Date().toUTCString() }
      const text = stringToSign({ method, url, account, headers: { ...headers, ...dated } })
      const signature = createHmac('sha256', access.key).update(text).digest('base64')
      return { ...dated, authorization: `SharedKey ${account}:${signature}` }
    },
  }
}

/** Standard headers that are signed, in their order. Date is not sent. */
const SIGNED = [
  ...['content-encoding', 'content-language', 'content-length', 'content-md5', 'content-type', 'date'],
  ...['if-modified-since', 'if-match', 'if-none-match', 'if-unmodified-since', 'range'],
]

/** As "Authorize with Shared Key" of the Azure Storage documentation has it. */
export function stringToSign({
  method,
  url,
  account,
  headers,
}: {
  method: string
  url: URL
  account: string
  headers: Readonly<Record<string, string>>
}): string {
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-ms-'))
    .map(([name, value]) => `${name}:${value}\n`)
    .toSorted()
  const query = [...url.searchParams].map(([name, value]) => `\n${name.toLowerCase()}:${value}`).toSorted()
  const standard = SIGNED.map(name => `${headers[name] ?? ''}\n`)
  return [`${method}\n`, ...standard, ...own, `/${account}${url.pathname}`, ...query].join('')
}
