import { z } from 'zod'
import { optional } from '../api/schema/absent.ts'
import { GROUP } from '../api/schema/group.ts'
import { parseJson } from '../api/schema/parse.ts'
import type { Resource } from '../kube/resource.ts'
import { type Authority, fingerprint, type PreviousCA, trustBundle } from './authority.ts'
import type { KeyedCertificate } from './issue.ts'
import { caProblem, readCertificate, readCertificates } from './verify.ts'

/**
 * The one Secret of the CA, and the only truth about it. It is installed empty (manifests/secret.yaml), so that
 * nobody needs to create Secrets.
 */
export const CA_SECRET = 'modelcache-webhook-ca'

/** On the Secret: a value that was not there before asks for a rotation. */
export const ROTATE_CA = `${GROUP}/rotate-ca`

/** On the Secret, written by the controller: the value of `ROTATE_CA` for which a rotation was begun last. */
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

/** The Secret as stored; what else it carries is kept as it is. It holds private keys: never log one. */
export type AuthoritySecret = z.infer<typeof secret>

/** How the Secret is addressed: it alone, so that a right to this one name is enough. */
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

/** What a Secret says. Of one without a sound signer, only what was trusted can be used again. */
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
 * Reads and checks the Secret, at `now` in milliseconds since the epoch. People can edit it: certificates that they
 * add to `ca.crt` are trusted, and given up after the time for which any previous CA is.
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

/** The value by which a rotation is asked for that was not begun yet; undefined if none is. */
export function rotationAsked({ metadata: { annotations } }: AuthoritySecret): string | undefined {
  const asked = annotations?.[ROTATE_CA]
  return asked && asked !== annotations?.[ROTATE_CA_SEEN] ? asked : undefined
}

/** Whether a Secret is as it was installed: nobody has written a CA into it yet. */
export function isEmpty({ data }: AuthoritySecret): boolean {
  return Object.keys(data ?? {}).length === 0
}

/**
 * The Secret as it is to be replaced: its resourceVersion stays, so that the API server refuses the write if it has
 * changed meanwhile. `seen` is recorded as the value for which a rotation was begun.
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

/** A certificate in the form that bundles have, so that the two can be compared as texts. */
function pairOf(certPem: string, keyPem: string): KeyedCertificate {
  return { certPem: readCertificate(certPem)?.toString() ?? '', keyPem }
}
