import { z } from 'zod'
import { MAX_QUANTITY } from './kubernetes/quantity.ts'
import { listOf, mapOf, text } from './schema/bounds.ts'
import { objectName } from './schema/object-name.ts'

export const quantity = z.union([text(MAX_QUANTITY), z.int()]).meta({ 'x-kubernetes-int-or-string': true })
export const quantities = mapOf(quantity, { entries: 32, key: 317 })

const toleration = z.object({
  key: text(317).optional().describe('Taint key. Default: every key.'),
  operator: z.enum(['Exists', 'Equal']).optional().describe('Exists or Equal. Default: Equal.'),
  value: text(63).optional().describe('Taint value for operator Equal.'),
  effect: text(63).optional().describe('Taint effect. Default: every effect.'),
  tolerationSeconds: z
    .int()
    .optional()
    .describe('Seconds for which a NoExecute taint is tolerated. Default: forever.'),
})

/** Members whose null differs from their absence. */
export const NULLABLE = ['runAsUser', 'runAsGroup', 'fsGroup'] as const

/** Some clusters choose it themselves, as OpenShift does. There, null means that we say nothing. */
const id = z.int().min(0).nullable().optional()

/** More connections help no link, and annoy any server. */
export const MAX_CONNECTIONS = 64

/** Where and how the hydration Job runs: `spec.hydration`. */
export const hydration = z.object({
  serviceAccountName: objectName
    .optional()
    .describe('ServiceAccount of the Job, for ambient cloud identity.'),
  nodeSelector: mapOf(text(63), { entries: 64, key: 317 })
    .optional()
    .describe('Nodes that the Job may run on.'),
  tolerations: listOf(toleration, 32).optional().describe('Taints that the Job tolerates.'),
  resources: z
    .object({
      requests: quantities.optional().describe('Resources that the Job requests.'),
      limits: quantities.optional().describe('Resource limits of the Job.'),
    })
    .optional()
    .describe('Resources of the Job. Serving pods have their own.'),
  securityContext: z
    .object({
      runAsUser: id.describe('User id of the Job; null leaves it to the cluster. Default: 65532.'),
      runAsGroup: id.describe('Group id of the Job; null leaves it to the cluster. Default: 65532.'),
      fsGroup: id.describe('Group that owns the volume; null leaves it to the cluster. Default: 65532.'),
      supplementalGroups: listOf(z.int().min(0), 32).optional().describe('More groups of the Job.'),
    })
    .optional()
    .describe(
      'The user and groups of the Job, for volumes that only they may write to. Empty ({}) leaves all of them to the cluster, as OpenShift wants it.',
    ),
  priorityClassName: objectName.optional().describe('PriorityClass of the Job.'),
  runtimeClassName: objectName.optional().describe('RuntimeClass of the Job.'),
  imagePullSecrets: listOf(z.object({ name: objectName.describe('Name of the Secret.') }), 16)
    .optional()
    .describe('Secrets for pulling the image of the Job, in addition to those of its ServiceAccount.'),
  connections: z
    .int()
    .min(1)
    .max(MAX_CONNECTIONS)
    .optional()
    .describe('How many parts of files the Job fetches at a time. Default: 16.'),
  labels: mapOf(text(63), { entries: 64, key: 317 })
    .optional()
    .describe(
      'More labels of the Job and its pod, such as a queue, or one that a cloud uses to give it an identity.',
    ),
  annotations: mapOf(text(16_384), { entries: 64, key: 317 })
    .optional()
    .describe('More annotations of the Job and its pod.'),
})
