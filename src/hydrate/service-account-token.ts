import { z } from 'zod'
import { parseJson } from '../api/schema/parse.ts'

/** Kubernetes: the subject of such a token is `system:serviceaccount:NAMESPACE:NAME`. */
const claims = z.object({ sub: z.string().startsWith('system:serviceaccount:') })

/**
 * Whether a text is a token of a ServiceAccount: a JSON Web Token (RFC 7519), from a Secret of type
 * `kubernetes.io/service-account-token` or copied from elsewhere. Whoever has it acts as that account in this
 * cluster, so we send it to no source.
 */
export function isServiceAccountToken(text: string): boolean {
  const [, payload, signature, ...more] = text.replace(/^Bearer\s+/i, '').split('.')
  if (payload === undefined || signature === undefined || more.length > 0) return false
  return claims.safeParse(parseJson(Buffer.from(payload, 'base64url').toString())).success
}
