import type { KubeConfig } from '@kubernetes/client-node'
import { z } from 'zod'
import { type InferenceCluster, KUBECONFIG_KEY } from '../api/inference-cluster.ts'
import { few, quote } from '../api/schema/text.ts'
import { isForbidden, isNotFound } from '../kube/api-error.ts'
import { forgetConnections } from '../kube/kubeconfig.ts'
import { objectPath } from '../kube/resource.ts'
import type { Rest } from '../kube/rest.ts'
import { type AccessProvider, clusterProfile, userOf } from './access-providers.ts'
import { connectionTo, isAddress, readKubeconfig } from './kubeconfig.ts'
import { ClusterProblem } from './problem.ts'

const SECRETS = { apiVersion: 'v1', plural: 'secrets' }
const CLUSTER_PROFILES = { apiVersion: 'multicluster.x-k8s.io/v1alpha1', plural: 'clusterprofiles' }

const secret = z.object({ data: z.record(z.string(), z.string()).nullish() })

export interface ConnectOptions {
  /** The cluster of the hub itself. */
  readonly local: KubeConfig
  readonly rest: Pick<Rest, 'get'>
  /** Where the Secrets are. */
  readonly namespace: string
  readonly providers: readonly AccessProvider[]
  readonly signal: AbortSignal
}

/**
 * Returns a function that connects to a cluster as its InferenceCluster says. A connection is kept while what
 * it was made from stays the same, so rotated credentials count from the next call on.
 *
 * @throws ClusterProblem from that function, or ApiError if the hub's own API server does not answer.
 */
export function createConnector({ local, rest, namespace, providers, signal }: ConnectOptions) {
  const kept = new Map<string, { madeFrom: string; config: KubeConfig }>()

  const forget = (name: string): void => {
    const present = kept.get(name)
    if (present !== undefined) forgetConnections(present.config)
    kept.delete(name)
  }
  const keep = (name: string, madeFrom: string, make: () => KubeConfig): KubeConfig => {
    const present = kept.get(name)
    if (present?.madeFrom === madeFrom) return present.config
    forget(name)
    const config = make()
    kept.set(name, { madeFrom, config })
    return config
  }

  const connectBySecret = async (cluster: string, name: string, key: string) => {
    const where = `Secret ${namespace}/${name}`
    const path = objectPath(SECRETS, namespace, name)
    const raw = await read(rest, path, where, 'SecretNotFound', signal)
    const encoded = secret.safeParse(raw).data?.data?.[key]
    if (encoded === undefined)
      throw new ClusterProblem(
        'SecretNotFound',
        `${where} has no key ${quote(key)}, which should hold a kubeconfig`,
      )
    return keep(cluster, encoded, () =>
      readKubeconfig(Buffer.from(encoded, 'base64').toString('utf8'), `the kubeconfig in ${where}`),
    )
  }

  const connectByProfile = async (cluster: string, at: { namespace: string; name: string }) => {
    const where = `ClusterProfile ${at.namespace}/${at.name}`
    const path = objectPath(CLUSTER_PROFILES, at.namespace, at.name)
    const raw = await read(rest, path, where, 'ClusterProfileNotFound', signal)
    const { accessProviders, credentialProviders } = clusterProfile.safeParse(raw).data?.status ?? {}
    const offered = [...(accessProviders ?? []), ...(credentialProviders ?? [])]
    for (const { name, cluster: access } of offered) {
      const provider = providers.find(each => each.name === name)
      if (provider === undefined || !access || !isAddress(access.server)) continue
      return keep(cluster, JSON.stringify(access), () => connectionTo(access, userOf(provider, access)))
    }
    const names = offered.map(({ name }) => quote(name))
    throw new ClusterProblem(
      'AccessProviderUnknown',
      `${where} offers ${names.length === 0 ? 'no access provider' : few(names)}, and the hub has plugins for ${few(providers.map(({ name }) => name)) || 'none'}`,
    )
  }

  return {
    async connect({ metadata, spec }: InferenceCluster): Promise<KubeConfig> {
      const { source = 'Local', existing, clusterProfile: profile } = spec.cluster ?? {}
      if (source === 'Local') return local
      if (source === 'Existing' && existing !== undefined) {
        const { name, key = KUBECONFIG_KEY } = existing.secretRef
        return connectBySecret(metadata.name, name, key)
      }
      if (source === 'ClusterProfile' && profile !== undefined)
        return connectByProfile(metadata.name, profile)
      throw new ClusterProblem('ClusterNotNamed', `spec.cluster of source ${source} names no cluster`)
    },
    /** Drops what was kept for a cluster that is gone. */
    forget,
  }
}

async function read(
  rest: Pick<Rest, 'get'>,
  path: string,
  where: string,
  missing: 'SecretNotFound' | 'ClusterProfileNotFound',
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await rest.get(path, { signal })
  } catch (error) {
    if (isNotFound(error)) throw new ClusterProblem(missing, `${where} does not exist`, { cause: error })
    if (isForbidden(error))
      throw new ClusterProblem(missing, `the hub may not read ${where}`, { cause: error })
    throw error
  }
}
