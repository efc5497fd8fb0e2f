import type { Cluster } from '@kubernetes/client-node'
import { z } from 'zod'
import { objectName } from '../api/schema/object-name.ts'
import { ClusterConfigError, loadKubeConfig } from '../kube/kubeconfig.ts'
import { createRest, type Rest } from '../kube/rest.ts'
import { commonOptions, type Option, UsageError } from './options.ts'

/**
 * Options of every role that asks a cluster on behalf of a person, with the names that kubectl has for them.
 */
export const clientOptions = {
  namespace: {
    schema: objectName.optional(),
    value: 'NAME',
    short: 'n',
    help: 'namespace; default: the one of the kubeconfig',
  },
  context: {
    schema: z.string().min(1).optional(),
    value: 'NAME',
    help: 'context of the kubeconfig; default: the current one',
  },
  kubeconfig: { ...commonOptions.kubeconfig, help: 'kubeconfig to use; default: the one that kubectl uses' },
} satisfies Record<string, Option>

interface ClientOptions {
  namespace?: string | undefined
  context?: string | undefined
  kubeconfig?: string | undefined
}

export interface Client {
  rest: Rest
  namespace: string
  /** Where its API server is. */
  cluster: Cluster
}

/**
 * The cluster of a kubeconfig, and the namespace to look at.
 *
 * @throws ClusterConfigError if there is no readable kubeconfig, UsageError if it lacks the context
 */
export function clientFor({ namespace, context, kubeconfig }: ClientOptions): Client {
  const config = loadKubeConfig(kubeconfig)
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const known = config
        .getContexts()
        .map(({ name }) => name)
        .join(', ')
      throw new UsageError(`--context: the kubeconfig has no context ${context}; it has ${known}`)
    }
    config.setCurrentContext(context)
  }
  const current = config.getContextObject(config.getCurrentContext())
  const cluster = config.getCurrentCluster()
  if (cluster === null)
    throw new ClusterConfigError('NoCluster', 'the context of the kubeconfig has no cluster')
  return { rest: createRest(config), namespace: namespace ?? current?.namespace ?? 'default', cluster }
}
