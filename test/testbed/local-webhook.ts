import { z } from 'zod'
import type { KubeObject } from './objects.ts'

/** A webhook that listens on this machine, outside the cluster, and the Service that it is configured by. */
export interface LocalWebhook {
  service: string
  namespace: string
  port: number
  /** The CA to trust; absent if somebody else writes `caBundle`. */
  caPem?: string
}

const clientConfig = z.looseObject({
  service: z.looseObject({ name: z.string(), namespace: z.string() }).optional(),
})
const configuration = z.looseObject({ webhooks: z.array(z.looseObject({ clientConfig })) })
const converting = z.looseObject({
  spec: z.looseObject({ conversion: z.looseObject({ webhook: z.looseObject({ clientConfig }) }) }),
})
const service = z.looseObject({ spec: z.looseObject({ ports: z.array(z.unknown()).optional() }) })

/**
 * The object with every webhook call redirected to this machine; unchanged if it makes none.
 *
 * No pod runs, so the webhook's Service becomes an alias of localhost, and each client configuration that
 * names it gets the real port and the CA. Everything else (paths, rules, policies) stays as shipped, and the
 * API server still verifies the certificate for the Service's name in the cluster.
 */
export function routeToLocal(object: KubeObject, webhook: LocalWebhook): KubeObject {
  switch (object.kind) {
    case 'Service':
      return isServiceOf(object, webhook) ? aliasOfLocalhost(object) : object
    case 'MutatingWebhookConfiguration':
    case 'ValidatingWebhookConfiguration':
      return routeConfiguration(object, webhook)
    case 'CustomResourceDefinition':
      return routeConversion(object, webhook)
    default:
      return object
  }
}

function isServiceOf({ metadata }: KubeObject, webhook: LocalWebhook): boolean {
  return metadata.name === webhook.service && metadata.namespace === webhook.namespace
}

function aliasOfLocalhost(object: KubeObject): KubeObject {
  const { ports } = service.parse(object).spec
  return { ...object, spec: { type: 'ExternalName', externalName: 'localhost', ports } }
}

function routeConfiguration(object: KubeObject, webhook: LocalWebhook): KubeObject {
  const { webhooks } = configuration.parse(object)
  const routed = webhooks.map(entry => ({ ...entry, clientConfig: routeClient(entry.clientConfig, webhook) }))
  return { ...object, webhooks: routed }
}

function routeConversion(object: KubeObject, webhook: LocalWebhook): KubeObject {
  const parsed = converting.safeParse(object)
  if (!parsed.success) return object
  const { spec } = parsed.data
  const client = routeClient(spec.conversion.webhook.clientConfig, webhook)
  const conversion = { ...spec.conversion, webhook: { ...spec.conversion.webhook, clientConfig: client } }
  return { ...object, spec: { ...spec, conversion } }
}

function routeClient(client: z.infer<typeof clientConfig>, webhook: LocalWebhook) {
  const named = client.service
  if (named?.name !== webhook.service || named.namespace !== webhook.namespace) return client
  const { caPem, port } = webhook
  const trust = caPem === undefined ? {} : { caBundle: Buffer.from(caPem).toString('base64') }
  return { ...client, ...trust, service: { ...named, port } }
}
