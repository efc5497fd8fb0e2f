import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { type AuthorityWatch, secretIsGone, watchAuthority } from '../certs/authority-watch.ts'
import { startCaBundleWriter } from '../certs/ca-bundle.ts'
import { startRotation } from '../certs/ca-rotation.ts'
import { DAY_MS, issueCA } from '../certs/issue.ts'
import { endOf } from '../certs/verify.ts'
import {
  type ConfigurationWatch,
  trusts,
  type WebhookService,
  watchConfigurations,
} from '../certs/webhook-configurations.ts'
import { createRest } from '../kube/rest.ts'
import { exposeCertificates, exposeTrust, type Metrics } from '../process/metrics.ts'

export interface ControllerCertificatesOptions {
  readonly service: WebhookService
  readonly caLifetimeMs: number
  readonly settleMs: number
  readonly config: KubeConfig
  readonly metrics: Metrics
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** What a controller does about certificates. */
export interface ControllerCertificates {
  /** Why the API server does not trust the serving certificates yet; undefined if it does. */
  problem(): string | undefined
  /** Rotates the CA and writes `caBundle` until that signal aborts. Only the leader does this. */
  lead(signal: AbortSignal): void
}

/** Watches the CA and our webhook configurations, as every replica of the controller does. */
export function controllerCertificates(options: ControllerCertificatesOptions): ControllerCertificates {
  const { config, service, metrics, logger, settleMs, caLifetimeMs } = options
  const rest = createRest(config)
  const authority = watchAuthority({ ...options, namespace: service.namespace })
  const configurations = watchConfigurations(options)
  const freshCA = () =>
    issueCA({ commonName: 'modelcache-webhook-ca', days: caLifetimeMs / DAY_MS, now: new Date() })
  exposeCertificates(metrics, {
    ca: () => endOf(authority.current()?.reading.authority?.signer.certPem ?? ''),
  })
  const problem = () => armingProblem(authority, configurations, service)
  exposeTrust(metrics, () => problem() === undefined)
  return {
    problem,
    lead(signal) {
      const work = { authority, configurations, service, rest, logger, signal }
      startCaBundleWriter(work)
      startRotation({ ...work, freshCA, settleMs })
    },
  }
}

/** The CA that signs is what counts. During a rotation the webhooks are served as before. */
function armingProblem(
  authority: AuthorityWatch,
  configurations: ConfigurationWatch,
  service: WebhookService,
): string | undefined {
  const seen = authority.current()
  if (seen === undefined) return secretIsGone(service.namespace)
  if (seen.reading.authority === undefined)
    return `the Secret of the CA cannot be used: ${seen.reading.problem}`
  if (!configurations.synced()) return 'the webhook configurations are not known yet'
  const { certPem } = seen.reading.authority.signer
  const wrong = configurations.present().find(({ object }) => !trusts(object, service, certPem))
  return wrong && `${wrong.resource.kind} ${wrong.object.metadata.name} does not trust the CA yet`
}
