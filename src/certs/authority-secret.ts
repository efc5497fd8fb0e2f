import { z } from 'zod'
import { optional } from '../api/schema/absent.ts'
import { GROUP } from '../api/schema/group.ts'
import { parseJson } from '../api/schema/parse.ts'
import type { Resource } from '../kube/resource.ts'
import { type Authority, fingerprint, type PreviousCA, trustBundle } from './authority.ts'
import type { KeyedCertificate } from './issue.ts'
import { caProblem, readCertificate, readCertificates } from './verify.ts'

/**
 * The one Secret of the CA, and the single source of truth about it. It is installed empty
 * (manifests/secret.yaml), so that no role needs the right to create Secrets.
 */
export const CA_SECRET = 'modelcache-webhook-ca'

/** On the Secret: a new value asks for a rotation. */
export const ROTATE_CA = `${GROUP}/rotate-ca`

/** On the Secret, written by the controller: the last value of `ROTATE_CA` that started a rotation. */
export const ROTATE_CA_SEEN = `${GROUP}/rotate-ca-seen`

const secret = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    resourceVersion: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  /** Values in base64. */
  data: optional(z.record(z.string(), z.string())),
})

/** The Secret as stored; everything else in it is kept as it is. It holds private keys: never log one. */
export type AuthoritySecret = z.infer<typeof secret>

/** How the Secret is addressed. Watching only this name needs a right to this name alone. */
export function authoritySecrets(namespace: string): Resource<AuthoritySecret> {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    plural: 'secrets',
    namespaced: true,
    schema: secret,
    namespace,
    name: CA_SECRET,
  }
}

/** What a Secret says. Without a valid signer, only its trusted certificates can be used again. */
export type Reading =
  | {
      readonly authority: Authority
      /** Why the next CA that it names cannot be used. */
      readonly nextProblem: string | undefined
    }
  | {
      readonly authority: undefined
      /** Why it cannot be used. */
      readonly problem: string
      readonly trusted: readonly PreviousCA[]
    }

const trustedUntil = z.record(
  z.string(),
  z.iso.datetime().transform(time => Date.parse(time)),
)

/**
 * Reads and checks the Secret at `now` (milliseconds since the epoch). People can edit it: certificates that
 * they add to `ca.crt` are trusted, and dropped after the same time as any previous CA.
 */
export function readAuthority({ data }: AuthoritySecret, now: number): Reading {
  const text = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString()
  const signer = pairOf(text('signer.crt'), text('signer.key'))
  const next = pairOf(text('next.crt'), text('next.key'))
  const times = trustedUntil.safeParse(parseJson(text('trusted-until.json'))).data ?? {}
  const trusted = readCertificates(text('ca.crt') + text('signer.crt') + text('next.crt')).map(certPem => ({
    certPem,
    trustedUntil: times[fingerprint(certPem)],
  }))
  const problem = caProblem(signer, now)
  if (problem !== undefined) return { authority: undefined, problem: `signer: ${problem}`, trusted }
  const nextProblem = data?.['next.crt'] === undefined ? undefined : caProblem(next, now)
  const usable = data?.['next.crt'] === undefined || nextProblem !== undefined ? undefined : next
  const present = [signer.certPem, usable?.certPem]
  return {
    authority: {
      signer,
      next: usable,
      previous: trusted.filter(({ certPem }) => !present.includes(certPem)),
    },
    nextProblem,
  }
}

/** The value that asks for a rotation that has not started yet; undefined if there is none. */
export function rotationAsked({ metadata: { annotations } }: AuthoritySecret): string | undefined {
  const asked = annotations?.[ROTATE_CA]
  return asked && asked !== annotations?.[ROTATE_CA_SEEN] ? asked : undefined
}

/** Whether a Secret is still as it was installed, with no CA in it. */
export function isEmpty({ data }: AuthoritySecret): boolean {
  return Object.keys(data ?? {}).length === 0
}

/**
 * The Secret to write. Its resourceVersion stays, so that the API server rejects the write if the Secret has
 * changed meanwhile. `seen` is recorded as the value that started the rotation.
 */
export function changedSecret(
  current: AuthoritySecret,
  authority: Authority,
  seen?: string,
): AuthoritySecret {
  const annotations = {
    ...current.metadata.annotations,
    ...(seen !== undefined && { [ROTATE_CA_SEEN]: seen }),
  }
  return { ...current, metadata: { ...current.metadata, annotations }, data: dataOf(authority) }
}

function dataOf(authority: Authority): Record<string, string> {
  const { signer, next, previous } = authority
  const times = previous.flatMap(({ certPem, trustedUntil: until }) =>
    until === undefined ? [] : [[fingerprint(certPem), new Date(until).toISOString()] as const],
  )
  const texts = {
    'ca.crt': trustBundle(authority),
    'signer.crt': signer.certPem,
    'signer.key': signer.keyPem,
    ...(next && { 'next.crt': next.certPem, 'next.key': next.keyPem }),
    ...(times.length > 0 && { 'trusted-until.json': JSON.stringify(Object.fromEntries(times)) }),
  }
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  )
}

/** A certificate in the form that bundles have, so that the two can be compared as text. */
function pairOf(certPem: string, keyPem: string): KeyedCertificate {
  return { certPem: readCertificate(certPem)?.toString() ?? '', keyPem }
}
