import type { Logger } from 'pino'
import { CERTIFICATES_MANAGER } from '../api/names.ts'
import { objectPath } from '../kube/resource.ts'
import type { Rest } from '../kube/rest.ts'
import { startWorkQueue } from '../kube/work-queue.ts'
import { fingerprint, trustBundle } from './authority.ts'
import type { AuthorityWatch } from './authority-watch.ts'
import { readCertificates } from './verify.ts'
import {
  base64,
  type ConfigurationWatch,
  ownWebhooks,
  showsBundle,
  type WebhookService,
} from './webhook-configurations.ts'

/**
 * Keeps `caBundle` of our webhooks equal to the stored Secret until the signal aborts; can be started again
 * after that. It writes only that field, and only if it differs, so a change by somebody else is undone. It
 * never creates a configuration.
 */
export function startCaBundleWriter(options: {
  authority: Pick<AuthorityWatch, 'current' | 'onChange'>
  configurations: ConfigurationWatch
  service: WebhookService
  rest: Pick<Rest, 'apply'>
  logger: Logger
  signal: AbortSignal
}): void {
  const { authority, configurations, service, rest, logger, signal } = options
  const queue = startWorkQueue({ reconcile, logger, signal })
  const look = () => {
    for (const { resource } of configurations.present()) queue.add(resource.kind)
  }
  for (const stop of [authority.onChange(look), configurations.onChange(look)])
    signal.addEventListener('abort', stop, { once: true })
  look()

  async function reconcile(kind: string): Promise<void> {
    const stored = authority.current()?.reading.authority
    const found = configurations.present().find(({ resource }) => resource.kind === kind)
    if (stored === undefined || found === undefined) return
    const bundle = trustBundle(stored)
    const { resource, object } = found
    if (showsBundle(object, service, bundle)) return
    const { name, resourceVersion } = object.metadata
    const webhooks = ownWebhooks(object, service).map(webhook => ({
      name: webhook.name,
      clientConfig: { caBundle: base64(bundle) },
    }))
    await rest.apply(
      objectPath(resource, undefined, name),
      // With the version, a write that comes from an old look or a former leader fails.
      { apiVersion: resource.apiVersion, kind, metadata: { name, resourceVersion }, webhooks },
      { fieldManager: CERTIFICATES_MANAGER, force: true, signal },
    )
    logger.info({ configuration: name, trusted: readCertificates(bundle).map(fingerprint) }, 'wrote caBundle')
  }
}
