import type { KubeConfig } from '@kubernetes/client-node'
import type { Logger } from 'pino'
import { startReflector } from '../kube/reflector.ts'
import { createStore } from '../kube/store.ts'
import type { Authority } from './authority.ts'
import {
  type AuthoritySecret,
  authoritySecrets,
  CA_SECRET,
  type Reading,
  readAuthority,
} from './authority-secret.ts'
import { caProblem, endOf } from './verify.ts'

/** The Secret of the CA, as one replica sees it. */
export interface AuthorityWatch {
  /** The Secret and what it says now; undefined while there is none. */
  current(): { readonly secret: AuthoritySecret; readonly reading: Reading } | undefined
  /**
   * The last valid authority, kept while the Secret is gone or damaged; undefined once it may no longer sign.
   */
  held(): Authority | undefined
  /** Calls the listener after each change of the Secret. Returns a function that stops this. */
  onChange(listener: () => void): () => void
}

export interface AuthorityWatchOptions {
  readonly config: KubeConfig
  readonly namespace: string
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

/**
 * Watches the Secret of the CA, and changes nothing. If the Secret is gone, the log says so, and replicas go
 * on with what they have until somebody installs it again.
 */
export function watchAuthority(options: AuthorityWatchOptions): AuthorityWatch {
  const { config, namespace, logger, signal, clock = Date.now } = options
  const resource = authoritySecrets(namespace)
  const store = createStore({ resource, logger })
  let last: Authority | undefined

  const find = () => store.get(namespace, CA_SECRET)
  const tellIfGone = () => {
    if (find() === undefined) logger.error(secretIsGone(namespace))
  }
  store.onChange(({ type, object }) => {
    if (type === 'deleted') tellIfGone()
    else last = readAuthority(object, clock()).authority ?? last
  })
  startReflector({ config, resource, store, logger, signal }).whenSynced.then(tellIfGone, () => {})
  return {
    current() {
      const secret = find()
      return secret && { secret, reading: readAuthority(secret, clock()) }
    },
    held: () => (last !== undefined && caProblem(last.signer, clock()) === undefined ? last : undefined),
    onChange: listener => store.onChange(listener),
  }
}

/** What to do about a missing Secret: only an administrator may create it. */
export function secretIsGone(namespace: string): string {
  return `Secret ${namespace}/${CA_SECRET} is missing; it is part of the installation, so apply manifests/secret.yaml or run helm upgrade again`
}

/** When a certificate ends, in words. */
export function isoEnd(certPem: string): string | undefined {
  const end = endOf(certPem)
  return end === undefined ? undefined : new Date(end).toISOString()
}
