import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { z } from 'zod'
import { optional } from '../api/schema/absent.ts'
import { startReflector } from '../kube/reflector.ts'
import type { Resource } from '../kube/resource.ts'
import { createStore } from '../kube/store.ts'

const configuration = z.object({
  metadata: z.object({ name: z.string(), resourceVersion: z.string().optional() }),
  webhooks: optional(
    z.array(
      z.object({
        name: z.string(),
        clientConfig: z.object({
          service: optional(z.object({ name: z.string(), namespace: z.string() })),
          /** Base64. */
          caBundle: optional(z.string()),
        }),
      }),
    ),
  ),
})

/** What we read of a webhook configuration: which Service it calls, and which CAs it trusts. */
export type WebhookConfiguration = z.infer<typeof configuration>

/** The Service that the webhook is behind. */
export interface WebhookService {
  readonly name: string
  readonly namespace: string
}

function ofKind(
  kind: string,
  plural: string,
  name: string,
): Resource<WebhookConfiguration> & { readonly name: string } {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    plural,
    namespaced: false,
    schema: configuration,
    name,
  }
}

/** Our two configurations, each alone; manifests/rbac.yaml names them too. */
export const webhookConfigurations = [
  ofKind('MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', 'modelcache-mutating'),
  ofKind('ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', 'modelcache-validating'),
] as const

export interface ConfigurationWatch {
  synced(): boolean
  /** The configurations that exist. */
  present(): { readonly resource: Resource<WebhookConfiguration>; readonly object: WebhookConfiguration }[]
  onChange(listener: () => void): () => void
}

/** Watches our two webhook configurations. Either may be absent. */
export function watchConfigurations(options: {
  config: KubeConfig
  logger: Logger
  signal: AbortSignal
}): ConfigurationWatch {
  const watched = webhookConfigurations.map(resource => {
    const store = createStore({ resource, logger: options.logger })
    return { resource, store, reflector: startReflector({ ...options, resource, store }) }
  })
  return {
    synced: () => watched.every(({ reflector }) => reflector.synced()),
    present: () =>
      watched.flatMap(({ resource, store }) => [...store.values()].map(object => ({ resource, object }))),
    onChange(listener) {
      const stops = watched.map(({ store }) => store.onChange(listener))
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

/** The webhooks in a configuration that call our Service. We leave the others alone. */
export function ownWebhooks({ webhooks }: WebhookConfiguration, service: WebhookService) {
  return (webhooks ?? []).filter(
    ({ clientConfig }) =>
      clientConfig.service?.name === service.name && clientConfig.service.namespace === service.namespace,
  )
}

/** Whether all of our webhooks trust exactly this bundle (PEM). */
export function showsBundle(
  object: WebhookConfiguration,
  service: WebhookService,
  bundlePem: string,
): boolean {
  return ownWebhooks(object, service).every(({ clientConfig }) => clientConfig.caBundle === base64(bundlePem))
}

/** Whether all of our webhooks trust this certificate (PEM), perhaps among others. */
export function trusts(object: WebhookConfiguration, service: WebhookService, certPem: string): boolean {
  return ownWebhooks(object, service).every(({ clientConfig }) =>
    Buffer.from(clientConfig.caBundle ?? '', 'base64')
      .toString()
      .includes(certPem),
  )
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
