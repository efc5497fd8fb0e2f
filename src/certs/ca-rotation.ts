import type { Logger } from 'pino'
import { CERTIFICATES_MANAGER } from '../api/names.ts'
import { objectPath, parseObject } from '../kube/resource.ts'
import { isNotFound, type Rest } from '../kube/rest.ts'
import { startWorkQueue } from '../kube/work-queue.ts'
import { type Authority, fingerprint, trustBundle } from './authority.ts'
import { type AuthoritySecret, changedSecret, isEmpty, rotationAsked } from './authority-secret.ts'
import { type AuthorityWatch, isoEnd } from './authority-watch.ts'
import type { KeyedCertificate } from './issue.ts'
import { introduced, promoted, type RotationStep, replaced, retired, rotationStep } from './rotation.ts'
import {
  type ConfigurationWatch,
  showsBundle,
  type WebhookService,
  webhookConfigurations,
} from './webhook-configurations.ts'

/** How often we look at the clock when nothing happens. */
const CHECK_MS = 30_000

/**
 * Renews the CA step by step until the signal aborts; can be started again after that. The CA that signs is
 * always trusted by every webhook, and has been for the settle time. A Secret that is empty or damaged gets
 * the CA that we held, or a fresh one.
 */
export function startRotation(options: {
  authority: AuthorityWatch
  configurations: ConfigurationWatch
  service: WebhookService
  rest: Pick<Rest, 'get' | 'replace'>
  /** Creates a CA. It counts only once it is stored. */
  freshCA: () => Promise<KeyedCertificate>
  /**
   * How long the webhooks must have shown a bundle before we assume that every API server uses it, in
   * milliseconds.
   */
  settleMs: number
  logger: Logger
  signal: AbortSignal
  /** Milliseconds since the epoch. */
  clock?: () => number
}): void {
  const { authority, configurations, service, rest, freshCA, settleMs, logger, signal } = options
  const { clock = Date.now } = options
  const queue = startWorkQueue({ reconcile, logger, signal })
  let shown: { bundle: string; since: number } | undefined

  const observe = (): void => {
    const stored = authority.current()?.reading.authority
    const bundle = stored && trustBundle(stored)
    if (bundle === undefined || !configurations.synced() || !isShown(bundle)) shown = undefined
    else if (shown?.bundle !== bundle) shown = { bundle, since: performance.now() }
    queue.add('rotation')
  }
  const isShown = (bundle: string) =>
    configurations.present().every(({ object }) => showsBundle(object, service, bundle))

  const stops = [authority.onChange(observe), configurations.onChange(observe)]
  const timer = setInterval(observe, Math.min(CHECK_MS, Math.max(settleMs / 4, 100))).unref()
  const end = () => {
    clearInterval(timer)
    for (const stop of stops) stop()
  }
  signal.addEventListener('abort', end, { once: true })
  observe()

  async function reconcile(): Promise<void> {
    const seen = authority.current()
    if (seen === undefined) return
    const { secret, reading } = seen
    if (reading.authority === undefined) {
      const held = authority.held()
      const usable = held ?? replaced(reading.trusted, await freshCA(), clock())
      if (!isEmpty(secret))
        logger.error({ problem: reading.problem }, 'the Secret of the CA cannot be used, replacing it')
      const what = held === undefined ? 'a fresh CA' : 'the CA that it held before'
      await write(secret, usable, `wrote ${what} into the Secret`)
      return
    }
    const asked = rotationAsked(secret)
    const step = rotationStep({
      ...reading,
      asked: asked !== undefined,
      trustedForMs: shown && performance.now() - shown.since,
      settleMs,
      now: clock(),
    })
    if (step !== undefined) await take(step, secret, reading.authority, asked)
  }

  async function take(step: RotationStep, secret: AuthoritySecret, current: Authority, asked?: string) {
    const now = clock()
    if (step.kind === 'introduce') {
      const after = introduced(current, await freshCA(), now)
      await write(
        secret,
        after,
        `rotation (${step.why}): created the next CA, which signs once everybody trusts it`,
        asked,
      )
    } else if (step.kind === 'retire') {
      await write(
        secret,
        retired(current, now),
        'rotation: previous CAs are trusted until their time is over',
      )
    } else if (await isShownLive(trustBundle(current))) {
      await write(secret, promoted(current, now), 'rotation: the next CA signs from now on')
    }
  }

  async function write(secret: AuthoritySecret, after: Authority, what: string, asked?: string) {
    const { name, namespace } = secret.metadata
    await rest.replace(
      objectPath({ apiVersion: 'v1', plural: 'secrets' }, namespace, name),
      changedSecret(secret, after, asked),
      { fieldManager: CERTIFICATES_MANAGER, signal },
    )
    const [ca, notAfter] = [fingerprint(after.signer.certPem), isoEnd(after.signer.certPem)]
    const next = after.next && fingerprint(after.next.certPem)
    logger.info({ ca, notAfter, next, previous: after.previous.length }, what)
  }

  /** The watches may lag, and this step cannot be undone. */
  async function isShownLive(bundle: string): Promise<boolean> {
    const answers = webhookConfigurations.map(async resource => {
      const path = objectPath(resource, undefined, resource.name)
      const raw = await rest.get(path, { signal }).catch(error => {
        if (isNotFound(error)) return undefined
        throw error
      })
      const object = raw === undefined ? undefined : parseObject(resource, raw)
      return object === undefined || (object.success && showsBundle(object.data, service, bundle))
    })
    return (await Promise.all(answers)).every(Boolean)
  }
}
