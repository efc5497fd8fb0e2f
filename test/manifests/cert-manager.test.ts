import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { serviceDnsNames } from '../../src/certs/issue.ts'
import { byName, kustomize, NAMESPACE } from './support/rendered.ts'

// cert-manager itself is not here. Its objects are checked against the fields of its API that they use, and
// against each other.
const issuerRef = z.strictObject({
  group: z.literal('cert-manager.io'),
  kind: z.literal('Issuer'),
  name: z.string(),
})
const issuer = z.object({
  apiVersion: z.literal('cert-manager.io/v1'),
  spec: z.union([
    z.strictObject({ selfSigned: z.strictObject({}) }),
    z.strictObject({ ca: z.strictObject({ secretName: z.string() }) }),
  ]),
})
const certificate = z.object({
  apiVersion: z.literal('cert-manager.io/v1'),
  spec: z.strictObject({
    secretName: z.string(),
    issuerRef,
    privateKey: z.strictObject({
      algorithm: z.literal('ECDSA'),
      size: z.literal(256),
      rotationPolicy: z.enum(['Always', 'Never']),
    }),
    duration: z.string().regex(/^\d+h$/),
    renewBefore: z
      .string()
      .regex(/^\d+h$/)
      .optional(),
    isCA: z.literal(true).optional(),
    commonName: z.string().optional(),
    dnsNames: z.array(z.string()).optional(),
    usages: z.array(z.enum(['digital signature', 'server auth'])).optional(),
  }),
})

let rendered: Record<string, unknown>
beforeAll(async () => {
  rendered = byName(await kustomize('certs/cert-manager'))
})
const certificateNamed = (name: string) =>
  certificate.parse(rendered[`Certificate/${NAMESPACE}/${name}`]).spec
const issuerNamed = (name: string) => issuer.parse(rendered[`Issuer/${NAMESPACE}/${name}`]).spec

test('from the self-signed issuer over the CA to the certificate of the webhook, each names the one before', () => {
  const leaf = certificateNamed('modelcache-webhook-tls')
  const ca = certificateNamed('modelcache-ca')
  expect(issuerNamed(leaf.issuerRef.name)).toEqual({ ca: { secretName: ca.secretName } })
  expect(issuerNamed(ca.issuerRef.name)).toEqual({ selfSigned: {} })
  expect(ca.isCA).toBe(true)
  expect(leaf.isCA).toBeUndefined()
})

test('the certificate is for the Service, and lies where the webhook reads it', () => {
  const { dnsNames, secretName } = certificateNamed('modelcache-webhook-tls')
  expect(serviceDnsNames('modelcache-webhook', NAMESPACE)).toEqual(expect.arrayContaining(dnsNames ?? []))
  expect(dnsNames).toContain(`modelcache-webhook.${NAMESPACE}.svc`)
  const { spec } = z
    .object({
      spec: z.object({ template: z.object({ spec: z.looseObject({ containers: z.array(z.unknown()) }) }) }),
    })
    .parse(rendered[`Deployment/${NAMESPACE}/modelcache-webhook`]).spec.template
  expect(spec).toMatchObject({
    volumes: expect.arrayContaining([{ name: 'tls', secret: { secretName } }]),
    containers: [
      {
        args: expect.arrayContaining([
          '--cert-source=files',
          '--tls-cert-file=/tls/tls.crt',
          '--tls-key-file=/tls/tls.key',
        ]),
        volumeMounts: expect.arrayContaining([{ name: 'tls', mountPath: '/tls', readOnly: true }]),
      },
    ],
  })
})

test('the CA is injected from the certificate of the webhook, and our own controller leaves it alone', () => {
  for (const name of [
    'MutatingWebhookConfiguration/modelcache-mutating',
    'ValidatingWebhookConfiguration/modelcache-validating',
  ])
    expect(rendered[name]).toMatchObject({
      metadata: { annotations: { 'cert-manager.io/inject-ca-from': `${NAMESPACE}/modelcache-webhook-tls` } },
    })
  expect(JSON.stringify(rendered[`Deployment/${NAMESPACE}/modelcache-controller`])).toContain(
    '--cert-source=files',
  )
  const roles = Object.keys(rendered).filter(name => /Role/.test(name))
  expect(roles.filter(name => /modelcache-ca/.test(name))).toEqual([])
  expect(rendered).not.toHaveProperty([`Secret/${NAMESPACE}/modelcache-webhook-ca`])
})
