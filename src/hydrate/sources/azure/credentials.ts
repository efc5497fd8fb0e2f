import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { AZURE_SECRET_KEYS } from '../../../api/azure-secret-keys.ts'
import { HydrationError } from '../../failure.ts'
import type { Http, SourceRequest } from '../../fetch/http.ts'
import { getJson } from '../../fetch/json.ts'
import { RENEWED_MS, renewed } from '../renewed.ts'
import type { SourceContext } from '../source.ts'

/** How a container is read. */
export type AzureAccess =
  | { kind: 'none' }
  /** The key of the account. */
  | { kind: 'key'; key: Buffer }
  /** A shared access signature, which is part of every URL. */
  | { kind: 'sas'; query: URLSearchParams }
  /** A token of Microsoft Entra. */
  | { kind: 'token'; token(): Promise<string> }

type Given = Pick<NonNullable<SourceContext['source']['azure']>, 'secretRef' | 'endpoint'>

/**
 * How to read a container: with what the Secret holds, or else with the identity of the pod (workload
 * identity, or the managed identity of the node). An endpoint other than Azure's gets no token of the pod.
 */
export async function azureAccess(source: Given, context: SourceContext): Promise<AzureAccess> {
  if (source.secretRef !== undefined) return inSecret(source.secretRef.name, context)
  return source.endpoint === undefined || isOfAzure(source.endpoint) ? ofPod(context) : { kind: 'none' }
}

/** Azure's clouds: the public one, of governments, and of China. */
function isOfAzure(endpoint: string): boolean {
  return /^[a-z0-9.-]+\.core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/.test(
    new URL(endpoint).hostname,
  )
}

async function inSecret(name: string, { secretKey, http, signal }: SourceContext): Promise<AzureAccess> {
  const read = (of: keyof typeof AZURE_SECRET_KEYS) => secretKey(name, AZURE_SECRET_KEYS[of])
  const connection = partsOf(await read('connectionString'))
  const key = (await read('accountKey')) ?? connection.AccountKey
  if (key !== undefined) return { kind: 'key', key: Buffer.from(key, 'base64') }
  const sas = (await read('sasToken')) ?? connection.SharedAccessSignature
  if (sas !== undefined) return { kind: 'sas', query: new URLSearchParams(sas.replace(/^\?/, '')) }
  const [tenant, client, secret] = [
    await read('tenantId'),
    await read('clientId'),
    await read('clientSecret'),
  ]
  if (tenant !== undefined && client !== undefined && secret !== undefined)
    return entra({ tenant, form: { client_id: client, client_secret: secret } }, { http, signal })
  const { accountKey, connectionString, sasToken } = AZURE_SECRET_KEYS
  const message = `Secret ${name} does not exist, or has none of the keys ${accountKey[0]}, ${connectionString[0]} and ${sasToken[0]}, or AZURE_TENANT_ID with AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; create it in the namespace of the ModelCache, for example: kubectl create secret generic ${name} --from-literal=${accountKey[0]}=KEY`
  throw new HydrationError('SecretNotFound', message)
}

/** The parts of a connection string, such as `AccountName=…;AccountKey=…`. */
function partsOf(text = ''): Partial<Record<string, string>> {
  const parts = text.split(';').map(part => {
    const at = part.indexOf('=')
    return [part.slice(0, at), part.slice(at + 1)]
  })
  return Object.fromEntries(parts)
}

async function ofPod({ http, signal }: SourceContext): Promise<AzureAccess> {
  const { AZURE_FEDERATED_TOKEN_FILE: file, AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client } = process.env
  if (file && tenant && client) return entra({ tenant, form: { client_id: client }, file }, { http, signal })
  return managedIdentity(client, { http, signal })
}

interface Asking {
  http: Http
  signal: AbortSignal
}

/** What the token is for. */
const STORAGE = 'https://storage.azure.com/'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** An application of Microsoft Entra ("OAuth 2.0 client credentials flow"). */
function entra(
  { tenant, form, file }: { tenant: string; form: Record<string, string>; file?: string },
  { http, signal }: Asking,
): AzureAccess {
  const authority = process.env.AZURE_AUTHORITY_HOST || 'https://login.microsoftonline.com/'
  const url = `${authority.replace(/\/+$/, '')}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`
  return {
    kind: 'token',
    token: tokens(async () => {
      const assertion = file === undefined ? undefined : (await readFile(file, 'utf8')).trim()
      const body = new URLSearchParams({
        ...{ grant_type: 'client_credentials', scope: `${STORAGE}.default`, ...form },
        ...(assertion !== undefined && { client_assertion_type: ASSERTION, client_assertion: assertion }),
      })
      return tokenFrom(http, { url, method: 'POST', body, signal })
    }),
  }
}

const METADATA = 'http://169.254.169.254/metadata/identity/oauth2/token'
/** Where there is no Azure, nobody answers. */
const METADATA_MS = 1_000

/** The identity of the node ("How to use managed identities to acquire an access token"). */
async function managedIdentity(client: string | undefined, { http, signal }: Asking): Promise<AzureAccess> {
  const query = new URLSearchParams({
    ...{ 'api-version': '2018-02-01', resource: STORAGE },
    ...(client && { client_id: client }),
  })
  const ask = (either: AbortSignal) =>
    tokenFrom(http, { url: `${METADATA}?${query}`, headers: { metadata: 'true' }, signal: either })
  const first = await ask(AbortSignal.any([signal, AbortSignal.timeout(METADATA_MS)])).catch(() => undefined)
  return first === undefined ? { kind: 'none' } : { kind: 'token', token: tokens(() => ask(signal), first) }
}

interface Token {
  token: string
  untilMs: number
}

/** Entra gives a number of seconds, and the metadata of a node gives it as a text. */
const tokenReply = z.object({ access_token: z.string(), expires_in: z.coerce.number() })

async function tokenFrom(http: Http, request: SourceRequest): Promise<Token> {
  const { value } = await getJson(http, request, tokenReply)
  return { token: value.access_token, untilMs: Date.now() + value.expires_in * 1000 }
}

/** Asks again before the token ends. */
function tokens(ask: () => Promise<Token>, first?: Token): () => Promise<string> {
  const current = renewed(ask, { isFresh: ({ untilMs }) => untilMs - Date.now() > RENEWED_MS, first })
  return async () => (await current()).token
}
