import { z } from 'zod'
import { GCS_SECRET_KEYS } from '../../../api/gcs-secret-keys.ts'
import { parseJson } from '../../../api/schema/parse.ts'
import { errorMessage, foreign } from '../../../api/schema/text.ts'
import { HydrationError } from '../../failure.ts'
import type { Sign } from '../../fetch/http.ts'
import { TransientError } from '../../fetch/retry.ts'
import type { SourceContext } from '../source.ts'

const SCOPES = ['https://www.googleapis.com/auth/devstorage.read_only']

/** What we use of the clients of Google's library. They renew tokens before these end. */
interface Account {
  getRequestHeaders(url?: string): Promise<Headers>
}

/**
 * Signs with a token of the account in the Secret, or else of the pod: the metadata server of GKE and of
 * Compute Engine, as Google's libraries look for it. An endpoint is not Google, so nobody is asked for a
 * token for it. Undefined if there is no account: public buckets need none.
 */
export async function gcsSign(
  { secretRef, endpoint }: { secretRef?: { name: string } | undefined; endpoint?: string | undefined },
  context: SourceContext,
): Promise<Sign | undefined> {
  if (secretRef !== undefined)
    return signedBy(await inSecret(secretRef.name, context), `the account in Secret ${secretRef.name}`)
  if (endpoint !== undefined) return undefined
  const { Compute, gcpMetadata } = await import('google-auth-library')
  const hasIdentity = await gcpMetadata.isAvailable().catch(() => false)
  return hasIdentity ? signedBy(new Compute({ scopes: SCOPES }), 'the identity of the pod') : undefined
}

/** Credentials in JSON, as Google's console and gcloud write them. */
const credentials = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('service_account'),
    client_email: z.string(),
    private_key: z.string(),
    private_key_id: z.string().optional(),
  }),
  z.object({
    type: z.literal('authorized_user'),
    client_id: z.string(),
    client_secret: z.string(),
    refresh_token: z.string(),
  }),
  /** Workload identity federation, with a token from a file or a URL. */
  z.object({
    type: z.literal('external_account'),
    audience: z.string(),
    subject_token_type: z.string(),
    token_url: z.url({ protocol: /^https?$/ }),
    service_account_impersonation_url: z.url({ protocol: /^https?$/ }).exactOptional(),
    credential_source: z.object({
      file: z.string().exactOptional(),
      url: z.url({ protocol: /^https?$/ }).exactOptional(),
      headers: z.record(z.string(), z.string()).exactOptional(),
      format: z
        .object({ type: z.enum(['json', 'text']), subject_token_field_name: z.string().exactOptional() })
        .exactOptional(),
    }),
  }),
])

async function inSecret(name: string, { secretKey }: SourceContext): Promise<Account> {
  const held = await secretKey(name, GCS_SECRET_KEYS)
  if (held === undefined) {
    const message = `Secret ${name} does not exist or has no key ${GCS_SECRET_KEYS[0]}, or another of its usual names (${GCS_SECRET_KEYS.slice(1).join(', ')}); create it in the namespace of the ModelCache: kubectl create secret generic ${name} --from-file=${GCS_SECRET_KEYS[0]}=FILE`
    throw new HydrationError('SecretNotFound', message)
  }
  const parsed = credentials.safeParse(parseJson(held))
  const account = parsed.success ? await accountOf(parsed.data) : undefined
  if (account !== undefined) return account
  const message = `Secret ${name} holds no credentials of a Google account, which are JSON of type service_account, authorized_user or external_account; put the key file of a service account in it`
  throw new HydrationError('SecretMalformed', message)
}

async function accountOf(given: z.infer<typeof credentials>): Promise<Account> {
  const { IdentityPoolClient, JWT, UserRefreshClient } = await import('google-auth-library')
  switch (given.type) {
    case 'service_account':
      return new JWT({ email: given.client_email, key: given.private_key, scopes: SCOPES })
    case 'authorized_user':
      return new UserRefreshClient({
        clientId: given.client_id,
        clientSecret: given.client_secret,
        refreshToken: given.refresh_token,
      })
    case 'external_account':
      return new IdentityPoolClient({ ...given, scopes: SCOPES })
  }
}

function signedBy(account: Account, who: string): Sign {
  return async ({ url }) => {
    try {
      const authorization = (await account.getRequestHeaders(url.href)).get('authorization')
      return authorization === null ? {} : { authorization }
    } catch (error) {
      const message = `${who} gives no token: ${foreign(errorMessage(error), 300)}`
      if (isRejected(error)) throw new HydrationError('Unauthorized', message, { cause: error })
      throw new TransientError('SourceUnavailable', message, { cause: error })
    }
  }
}

/** Whether asking again would not help: somebody answered no, or the credentials make no sense. */
function isRejected(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const status = 'status' in error ? Number(error.status) : Number.NaN
  const isNetwork = 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)
  return Number.isNaN(status) ? !isNetwork : status >= 400 && status < 500 && status !== 429
}
