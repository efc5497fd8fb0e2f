import { AWS_SECRET_KEYS } from '../../../api/aws-secret-keys.ts'
import { errorMessage, foreign } from '../../../api/schema/text.ts'
import { HydrationError } from '../../failure.ts'
import { TransientError } from '../../fetch/retry.ts'
import { RENEWED_MS, renewed } from '../renewed.ts'
import type { SourceContext } from '../source.ts'

/** What signs a request. */
export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  expiration?: Date
}

/** Resolves to the current credentials, or to undefined if there are none. Public buckets need none. */
export type CredentialSource = () => Promise<Credentials | undefined>

/**
 * Credentials from the Secret if there is one, and else those of the pod: environment variables, a web
 * identity (IRSA), the pod identity agent, and the metadata of the instance, as the AWS SDKs look for them.
 * An endpoint is not AWS, so the instance is not asked for it.
 */
export async function credentialSource(
  { secretRef, endpoint }: { secretRef?: { name: string } | undefined; endpoint?: string | undefined },
  context: SourceContext,
): Promise<CredentialSource> {
  if (secretRef !== undefined) {
    const held = await fromSecret(secretRef.name, context)
    return async () => held
  }
  return renewedCredentials(() => ofPod(endpoint !== undefined))
}

async function fromSecret(name: string, context: SourceContext): Promise<Credentials> {
  const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all(
    [AWS_SECRET_KEYS.accessKeyId, AWS_SECRET_KEYS.secretAccessKey, AWS_SECRET_KEYS.sessionToken].map(keys =>
      context.secretKey(name, keys),
    ),
  )
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
  const missing = accessKeyId === undefined ? AWS_SECRET_KEYS.accessKeyId : AWS_SECRET_KEYS.secretAccessKey
  const message = `Secret ${name} has no key ${missing[0]}, or another of its usual names (${missing.slice(1).join(', ')}); create it in the namespace of the ModelCache: kubectl create secret generic ${name} --from-literal=${AWS_SECRET_KEYS.accessKeyId[0]}=ID --from-literal=${AWS_SECRET_KEYS.secretAccessKey[0]}=KEY`
  throw new HydrationError('SecretNotFound', message)
}

/** Asks again before the credentials expire. */
export function renewedCredentials(ask: CredentialSource): CredentialSource {
  return renewed(ask, {
    isFresh: held => held?.expiration === undefined || held.expiration.getTime() - Date.now() > RENEWED_MS,
  })
}

async function ofPod(hasEndpoint: boolean): Promise<Credentials | undefined> {
  const { env } = process
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  const { AWS_SESSION_TOKEN: sessionToken } = env
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
  // Each is loaded only where it is used: they take memory.
  if (env.AWS_WEB_IDENTITY_TOKEN_FILE && env.AWS_ROLE_ARN) {
    const { fromTokenFile } = await import('@aws-sdk/credential-provider-web-identity')
    return asked('the web identity of the pod', fromTokenFile())
  }
  if (env.AWS_CONTAINER_CREDENTIALS_FULL_URI || env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI) {
    const { fromHttp } = await import('@aws-sdk/credential-provider-http')
    return asked('the identity agent of the pod', fromHttp({}))
  }
  if (hasEndpoint || env.AWS_EC2_METADATA_DISABLED === 'true') return undefined
  const { fromInstanceMetadata } = await import('@smithy/credential-provider-imds')
  // Where there is no instance, nobody answers.
  return fromInstanceMetadata({ timeout: 1_000, maxRetries: 1 })().catch(() => undefined)
}

async function asked(who: string, ask: () => Promise<Credentials>): Promise<Credentials> {
  try {
    return await ask()
  } catch (error) {
    const message = `${who} gives no credentials: ${foreign(errorMessage(error), 300)}`
    if (isRejected(error)) throw new HydrationError('Unauthorized', message, { cause: error })
    throw new TransientError('SourceUnavailable', message, { cause: error })
  }
}

/** Whether asking again would not help: somebody answered no, or there is nothing to ask with. */
function isRejected(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { httpStatusCode: status = 0 } =
    '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }) : {}
  return error.name === 'CredentialsProviderError' || (status >= 400 && status < 500 && status !== 429)
}
