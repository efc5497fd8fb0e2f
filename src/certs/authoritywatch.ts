import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { startReflector } from '../cluster/reflector.ts'
import { collectionPath } from '../cluster/resource.ts'
import { ApiError, type Rest } from '../cluster/rest.ts'
import { createStore } from '../cluster/store.ts'
import { startWorkQueue } from '../controller/workqueue.ts'
import { type Authority, fingerprint } from './authority.ts'
import {
  type AuthoritySecret,
  authoritySecrets,
  CA_SECRET,
  newAuthoritySecret,
  type Reading,
  readAuthority,
} from './authoritysecret.ts'
import { DAY_MS, issueCA, type KeyedCertificate } from './issue.ts'
import { caProblem, endOf } from './verify.ts'

/** Who is recorded as the one who wrote the Secret and `caBundle`. */
export const CERTIFICATES_MANAGER = 'modelcache-certificates'

/** The Secret of the CA, as one replica sees it. */
export interface AuthorityWatch {
  /** The Secret and what it says now; undefined while there is none. */
  current(): { readonly secret: AuthoritySecret; readonly reading: Reading } | undefined
  /** The last authority that was sound, kept while the Secret is gone or spoilt; undefined when it may not sign any more. */
  held(): Authority | undefined
  /** Makes a CA as this product makes them; it is in force only once it is stored. */
  freshCA(): Promise<KeyedCertificate>
  /** Calls the listener after each change of the Secret. Gives the way to stop. */
  onChange(listener: () => void): () => void
}

export interface AuthorityWatchOptions {
  readonly config: KubeConfig
  readonly rest: Pick<Rest, 'create'>
  readonly namespace: string
  /** For how long a CA that is made here lasts. */
  readonly caLifetimeMs: number
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

/**
 * Watches the Secret of the CA, and makes it where there is none: any replica may, so that none waits for a leader, and of several
 * that try at once the API server lets one succeed. One that vanishes comes back with what was held, so that nothing has to be
 * trusted anew. What is there already is never changed.
 */
export function watchAuthority(options: AuthorityWatchOptions): AuthorityWatch {
  const { config, rest, namespace, logger, signal, clock = Date.now } = options
  const resource = authoritySecrets(namespace)
  const store = createStore({ resource, logger })
  let last: Authority | undefined

  const find = () => store.get(namespace, CA_SECRET)
  const held = () => (last !== undefined && caProblem(last.signer, clock()) === undefined ? last : undefined)
  const freshCA = () =>
    issueCA({
      commonName: 'modelcache-webhook-ca',
      days: options.caLifetimeMs / DAY_MS,
      now: new Date(clock()),
    })

  const make = async (): Promise<void> => {
    if (find() !== undefined) return
    const kept = held()
    const authority = kept ?? { signer: await freshCA(), next: undefined, previous: [] }
    try {
      await rest.create(collectionPath(resource, namespace), newAuthoritySecret(namespace, authority), {
        fieldManager: CERTIFICATES_MANAGER,
        signal,
      })
    } catch (error) {
      // Another replica was quicker: the watch brings what it made.
      if (error instanceof ApiError && error.reason === 'AlreadyExists') return
      throw error
    }
    const { certPem } = authority.signer
    logger.info(
      { secret: `${namespace}/${CA_SECRET}`, ca: fingerprint(certPem), notAfter: isoEnd(certPem) },
      kept === undefined ? 'made a CA' : 'made the Secret of the CA again, with the same CA',
    )
  }

  const queue = startWorkQueue({ reconcile: make, logger, signal })
  store.onChange(({ type, object }) => {
    if (type === 'deleted') queue.add(CA_SECRET)
    else last = readAuthority(object, clock()).authority ?? last
  })
  startReflector({ config, resource, store, logger, signal }).whenSynced.then(
    () => queue.add(CA_SECRET),
    () => {},
  )
  return {
    current() {
      const secret = find()
      return secret && { secret, reading: readAuthority(secret, clock()) }
    },
    held,
    freshCA,
    onChange: listener => store.onChange(listener),
  }
}

/** When a certificate ends, for people. */
export function isoEnd(certPem: string): string | undefined {
  const end = endOf(certPem)
  return end === undefined ? undefined : new Date(end).toISOString()
}
