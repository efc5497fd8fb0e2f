import { readFile } from 'node:fs/promises'
import type { User } from '@kubernetes/client-node'
import { z } from 'zod'
import { firstIssue } from '../api/schema/parse.ts'
import { type ClusterAccess, clusterAccess } from './kubeconfig.ts'

/**
 * The plugins that get credentials for ClusterProfiles, by the name of the access provider, in the format of
 * the library of SIG Multicluster (KEP-5339).
 */
const file = z.object({
  providers: z
    .array(
      z.object({
        name: z.string().min(1),
        execConfig: z.object({
          apiVersion: z.string().default('client.authentication.k8s.io/v1'),
          command: z.string().min(1),
          args: z.array(z.string()).nullish(),
          env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
          provideClusterInfo: z.boolean().nullish(),
        }),
      }),
    )
    .max(100),
})

export type AccessProvider = z.infer<typeof file>['providers'][number]

/** What a ClusterProfile says about access. Lists have the new name first. */
export const clusterProfile = z.looseObject({
  status: z
    .looseObject({
      accessProviders: providersOf(),
      credentialProviders: providersOf(),
    })
    .nullish(),
})

function providersOf() {
  return z
    .array(z.looseObject({ name: z.string().max(253), cluster: clusterAccess.nullish() }))
    .max(100)
    .nullish()
}

/** @throws Error if the file cannot be used, with what is wrong. */
export async function readAccessProviders(path: string): Promise<readonly AccessProvider[]> {
  const found = file.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (found.success) return found.data.providers
  const { field, message } = firstIssue(found.error)
  throw new Error(`${path}: ${field}: ${message}`)
}

/** Kubernetes: the extension of a cluster whose content plugins get as configuration. */
const PLUGIN_EXTENSION = 'client.authentication.k8s.io/exec'

/** A user whose credentials come from a plugin, which learns what cluster they are for. */
export function userOf({ execConfig }: AccessProvider, to: ClusterAccess): User {
  const { apiVersion, command, args, env, provideClusterInfo } = execConfig
  const { extensions, ...cluster } = to
  const config = z
    .array(z.looseObject({ name: z.string(), extension: z.unknown() }))
    .catch([])
    .parse(extensions)
    .find(({ name }) => name === PLUGIN_EXTENSION)?.extension
  const info = {
    apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(provideClusterInfo && { cluster: { ...cluster, config } }) },
  }
  const variables = [...(env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }]
  return { name: 'hub', exec: { apiVersion, command, args: args ?? [], env: variables } }
}
