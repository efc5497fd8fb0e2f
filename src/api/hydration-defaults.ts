import { z } from 'zod'
import { hydration } from './hydration.ts'
import { MAX_OBJECT, text } from './schema/bounds.ts'

/**
 * Characters of a CA bundle. An object holds a megabyte and a half, and the ModelCache is in the Job, too.
 */
export const MAX_CA = 524_288

const { labels, annotations, nodeSelector, tolerations, resources, securityContext } = hydration.shape
const { imagePullSecrets, priorityClassName, runtimeClassName } = hydration.shape

/**
 * What an installation says once about all hydration Jobs: the file of option --hydration-defaults. A
 * ModelCache's own values win, key by key.
 */
export const hydrationDefaults = z.strictObject({
  labels: labels.describe('Labels of claims, Jobs and pods.'),
  annotations: annotations.describe('Annotations of claims, Jobs and pods.'),
  nodeSelector,
  tolerations,
  affinity: z.looseObject({}).optional().describe('Affinity of the pods, as Kubernetes has it.'),
  priorityClassName,
  runtimeClassName,
  imagePullSecrets: imagePullSecrets.describe(
    'Secrets of each namespace that can pull the image of the Job.',
  ),
  resources,
  securityContext,
  env: z
    .array(z.strictObject({ name: text(253).min(1), value: text(32_768) }))
    .max(64)
    .optional()
    .describe('Variables of the hydrator, such as HTTPS_PROXY.'),
  ca: text(Math.min(MAX_CA, MAX_OBJECT))
    .refine(pem => pem.includes('-----BEGIN CERTIFICATE-----'), 'has no PEM certificate')
    .optional()
    .describe('PEM certificates that the hydrator trusts in addition to the public ones.'),
})

export type HydrationDefaults = z.infer<typeof hydrationDefaults>
