import { z } from 'zod'
import { silentLogger } from '../kube/logger.fixtures.ts'
import type { Resource, StoredObject } from '../kube/resource.ts'
import { ApiError, type ApplyOptions, type Rest } from '../kube/rest.ts'
import { createStore } from '../kube/store.ts'
import { type Authority, trustBundle } from './authority.ts'
import { type AuthoritySecret, authoritySecrets, CA_SECRET, readAuthority } from './authority-secret.ts'
import type { AuthorityWatch } from './authority-watch.ts'
import { aSecretOf } from './certificates.fixtures.ts'
import type { KeyedCertificate } from './issue.ts'
import {
  base64,
  type ConfigurationWatch,
  type WebhookConfiguration,
  webhookConfigurations,
} from './webhook-configurations.ts'

export const SERVICE = { name: 'modelcache-webhook', namespace: 'modelcache-system' }

/** Somebody else's webhook in each of our configurations. */
export const FOREIGN = { name: 'foreign.example.com', caBundle: base64('theirs') }

/** A write of `caBundle` and nothing else. */
const bundlesOnly = z.strictObject({
  apiVersion: z.literal('admissionregistration.k8s.io/v1'),
  kind: z.string(),
  metadata: z.strictObject({ name: z.string(), resourceVersion: z.string() }),
  webhooks: z.array(
    z.strictObject({ name: z.string(), clientConfig: z.strictObject({ caBundle: z.string() }) }),
  ),
})

/**
 * The Secret of the CA and our two webhook configurations, as an API server keeps them: a write must name the
 * present version. The watches show it at once, unless they lag.
 */
export function anInstallation() {
  const [mutatingKind, validatingKind] = webhookConfigurations
  const secret = keep(authoritySecrets(SERVICE.namespace))
  const mutating = keep(mutatingKind)
  const validating = keep(validatingKind)
  const applied: { name: string; webhooks: string[]; options: ApplyOptions }[] = []
  const replaced: { path: string; manager: string }[] = []
  const witnesses: (() => void)[] = []
  const state = { version: 0, lagging: false, synced: true }
  let sound: Authority | undefined
  let fresh: KeyedCertificate[] = []

  function keep<T extends StoredObject>(resource: Resource<T>) {
    const store = createStore({ resource, logger: silentLogger })
    let stored: T | undefined
    const show = () => store.replace(stored === undefined ? [] : [stored])
    return {
      store,
      show,
      stored: () => stored,
      set(object: T | undefined) {
        state.version += 1
        const metadata = { ...object?.metadata, resourceVersion: `${state.version}` }
        stored = object && resource.schema.parse({ ...object, metadata })
        if (!state.lagging) show()
        for (const witness of witnesses) witness()
      },
      /** The stored object, if that is its version. */
      at(version: string | undefined): T {
        if (stored === undefined) throw new ApiError(404, 'NotFound', 'there is none')
        if (stored.metadata.resourceVersion === version) return stored
        throw new ApiError(409, 'Conflict', 'it has been modified')
      },
    }
  }

  const configurationAt = (path: string) =>
    path.includes(`/${mutatingKind.plural}/`) ? mutating : validating

  const rest: Pick<Rest, 'get' | 'apply' | 'replace'> = {
    async get(path) {
      const object = configurationAt(path).stored()
      if (object === undefined) throw new ApiError(404, 'NotFound', 'there is none')
      return object
    },
    async apply(path, body, options) {
      options.signal?.throwIfAborted()
      const { metadata, webhooks } = bundlesOnly.parse(body)
      applied.push({ name: metadata.name, webhooks: webhooks.map(({ name }) => name), options })
      const object = configurationAt(path).at(metadata.resourceVersion)
      const written = new Map(webhooks.map(({ name, clientConfig }) => [name, clientConfig]))
      const merged = object.webhooks?.map(webhook => ({
        ...webhook,
        clientConfig: { ...webhook.clientConfig, ...written.get(webhook.name) },
      }))
      configurationAt(path).set({ ...object, webhooks: merged })
    },
    async replace(path, body, options) {
      options.signal?.throwIfAborted()
      replaced.push({ path, manager: options.fieldManager })
      const object = authoritySecrets(SERVICE.namespace).schema.parse(body)
      secret.at(object.metadata.resourceVersion)
      secret.set(object)
    },
  }

  const authority: AuthorityWatch = {
    current() {
      const seen = secret.store.get(SERVICE.namespace, CA_SECRET)
      return seen && { secret: seen, reading: readAuthority(seen, Date.now()) }
    },
    held: () => sound,
    onChange: secret.store.onChange,
  }
  const configurations: ConfigurationWatch = {
    synced: () => state.synced,
    present: () =>
      [mutating, validating].flatMap(({ store }, index) =>
        [...store.values()].map(object => ({
          resource: webhookConfigurations[index] ?? raise('there are two'),
          object,
        })),
      ),
    onChange(listener) {
      const stops = [mutating, validating].map(({ store }) => store.onChange(listener))
      return () => {
        for (const stop of stops) stop()
      }
    },
  }

  return {
    authority,
    configurations,
    rest,
    freshCA: async () => fresh.shift() ?? raise('no CA is left'),
    state,
    /** Every attempted write. */
    applied,
    replaced,
    secret,
    mutating,
    validating,
    putAuthority: (stored: Authority) => secret.set(aSecretOf(SERVICE.namespace, stored)),
    changeSecret: (change: (stored: AuthoritySecret) => AuthoritySecret) =>
      secret.set(change(secret.stored() ?? raise('there is no Secret'))),
    /** The stored Secret, whatever the watches have shown. */
    storedAuthority: (): Authority =>
      readAuthority(secret.stored() ?? raise('there is no Secret'), Date.now()).authority ??
      raise('the Secret is spoilt'),
    /** The stored `caBundle` of each webhook, whatever the watches have shown. */
    bundles: (): Record<string, string | null | undefined> =>
      Object.fromEntries(
        [mutating, validating]
          .flatMap(({ stored }) => stored()?.webhooks ?? [])
          .map(({ name, clientConfig }) => [name, clientConfig.caBundle]),
      ),
    /** The CAs to create from now on, in order. */
    makes(...cas: KeyedCertificate[]) {
      fresh = cas
    },
    /** What this replica still knows of an earlier, valid Secret. */
    holds(known: Authority) {
      sound = known
    },
    lag() {
      state.lagging = true
    },
    catchUp() {
      state.lagging = false
      for (const { show } of [secret, mutating, validating]) show()
    },
    /** Calls the witness after each change. */
    witness: (witness: () => void) => witnesses.push(witness),
  }
}

/**
 * One of our configurations as shipped, or with a trusted authority: two webhooks of ours and a foreign one.
 */
export function aConfiguration(kind: 'mutating' | 'validating', authority?: Authority): WebhookConfiguration {
  const ours = ['pods', 'jobs'].map(what => ({
    name: `${kind}.${what}.modelplane.ai`,
    clientConfig: { service: SERVICE, caBundle: authority && base64(trustBundle(authority)) },
  }))
  const foreign = {
    name: FOREIGN.name,
    clientConfig: { service: { ...SERVICE, name: 'other' }, caBundle: FOREIGN.caBundle },
  }
  return { metadata: { name: `modelcache-${kind}` }, webhooks: [...ours, foreign] }
}

function raise(problem: string): never {
  throw new Error(problem)
}
