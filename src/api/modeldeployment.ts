import { z } from 'zod'
import { quantity } from './hydration.ts'
import { storedObjectMeta, valuesOf } from './kubernetes/metadata.ts'
import { labelSelector } from './label-selector.ts'
import { modelDeploymentRules } from './modeldeployment-rules.ts'
import { MAX_SERVING_CLUSTERS, modelDeploymentStatus } from './modeldeployment-status.ts'
import { COPIES_FINALIZER, EXCLUSIVE_TOPOLOGY, ROLLOUT } from './names.ts'
import { customResource, optional } from './schema/absent.ts'
import { listOf, text } from './schema/bounds.ts'
import { API_VERSION } from './schema/group.ts'
import { objectName } from './schema/object-name.ts'

/** How the accelerators of a replica are spread. */
export const STRATEGIES = ['Tensor', 'TensorPipeline'] as const
export type Strategy = (typeof STRATEGIES)[number]

/** How the pods of a gang find each other. */
export const BOOTSTRAPS = ['Auto', 'VLLM', 'VLLMRay', 'SGLang', 'None'] as const

const MAX_REPLICAS = 10_000
/** No node has more accelerators. */
const MAX_ACCELERATORS = 64
/** Kubernetes: an argument or a value of the environment is as long as its object lets it be. */
const MAX_ARGUMENT = 65_536

const ACCELERATOR = 'nvidia.com/gpu'

const topology = z.object({
  strategy: z
    .enum(STRATEGIES)
    .default('Tensor')
    .describe(
      'Tensor: each replica is one pod, created by a Deployment. TensorPipeline: each replica is a gang of several pods, created by a LeaderWorkerSet.',
    ),
  tensor: z
    .int()
    .min(0)
    .max(MAX_ACCELERATORS)
    .default(1)
    .describe('Accelerators of each pod. 0 is for engines that run on CPUs.'),
  pipeline: z
    .int()
    .min(2)
    .max(MAX_ACCELERATORS)
    .optional()
    .describe('Pods of each replica. It belongs to strategy TensorPipeline, which needs it.'),
})

/** Kubernetes checks the pods that come of it. Here only its shape counts. */
const template = z.object({
  metadata: z.looseObject({}).optional().describe('Labels and annotations of the pods.'),
  spec: z
    .looseObject({})
    .optional()
    .describe(
      'Fields of the pods. A container `engine` is merged with the engine, and others run beside it.',
    ),
})

const workers = z.object({
  topology: topology
    .prefault({ strategy: 'Tensor' })
    .describe('How many accelerators each replica has, and in how many pods.'),
  resources: z
    .object({
      cpu: quantity.optional().describe('CPU of each engine, as request and limit.'),
      memory: quantity.optional().describe('Memory of each engine, as request and limit.'),
    })
    .optional()
    .describe('CPU and memory of each engine.'),
  accelerator: text(317)
    .default(ACCELERATOR)
    .describe('The resource that counts accelerators, as the device plugin of the nodes calls it.'),
  template: template.optional().describe('A partial pod template, merged under what follows from the rest.'),
})

const envVariable = z.looseObject({
  name: text(1024).min(1).describe('Name of the variable.'),
  value: text(MAX_ARGUMENT).optional().describe('Its value.'),
  valueFrom: z.looseObject({}).optional().describe('Where its value comes from, as in a pod.'),
})

const engine = z.object({
  image: text(1024).min(1).describe('Image of the engine, such as vllm/vllm-openai:v0.11.0.'),
  command: listOf(text(MAX_ARGUMENT), 256).optional().describe('Replaces the entrypoint of the image.'),
  args: listOf(text(MAX_ARGUMENT), 1024).optional().describe('Arguments of the engine.'),
  bootstrap: z
    .enum(BOOTSTRAPS)
    .default('Auto')
    .describe(
      'How the pods of a gang start as one engine. VLLM: the launcher that vLLM has since 0.11.1. VLLMRay: vLLM over Ray. SGLang: the flags of SGLang. None: the command stands as it is. Auto: what image and command show.',
    ),
  env: listOf(envVariable, 1024).optional().describe('Environment of the engine.'),
  imagePullSecrets: listOf(z.object({ name: objectName.describe('Name of the Secret.') }), 16)
    .optional()
    .describe('Secrets for pulling the image.'),
  shmSize: quantity
    .optional()
    .describe(
      'Size of /dev/shm, in memory. Default: 1Gi for more than one accelerator, and else that of the runtime.',
    ),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(8000)
    .describe('Port that the engine serves on. The Service has the same.'),
})

const placement = listOf(
  z.object({
    cluster: objectName.describe('Name of an InferenceCluster.'),
    replicas: z.int().min(0).max(MAX_REPLICAS).describe('How many instances serve there.'),
  }),
  MAX_SERVING_CLUSTERS,
)

const spec = z
  .object({
    replicas: z.int().min(0).max(MAX_REPLICAS).default(1).describe('How many instances serve.'),
    clusterSelector: labelSelector
      .optional()
      .describe(
        'Clusters to serve in. The hub splits the replicas over those whose caches are Ready. Without it, only its own cluster serves.',
      ),
    placement: placement
      .optional()
      .describe(
        'How many instances serve in each cluster, in place of an even split over the selected clusters. They add up to `spec.replicas`.',
      )
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['cluster'] }),
    // The API server runs the rules of an object on its default as well.
    workers: workers.prefault({ accelerator: ACCELERATOR }).describe('The pods that serve.'),
    engine: engine.describe('What runs in them.'),
    caches: listOf(z.object({ name: objectName.describe('Name of a ModelCache in the same namespace.') }), 16)
      .optional()
      .describe('The ModelCaches that the engine reads.')
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  })
  .meta({ 'x-kubernetes-validations': modelDeploymentRules })

/** The only definition of a ModelDeployment: the CRD, its CEL rules and the TypeScript type come from it. */
export const modelDeployment = customResource(
  z
    .object({
      apiVersion: z.literal(API_VERSION),
      kind: z.literal('ModelDeployment'),
      metadata: storedObjectMeta.extend({
        annotations: optional(valuesOf(EXCLUSIVE_TOPOLOGY, ROLLOUT)),
        finalizers: optional(
          listOf(text(317), 64).transform(all => all.filter(each => each === COPIES_FINALIZER)),
        ),
      }),
      spec: spec.describe('Which engine serves, and which caches it reads.'),
      status: modelDeploymentStatus
        .optional()
        .describe('What the controller observed.')
        .meta({ default: { observedGeneration: -1 } }),
    })
    .describe(
      'A ModelDeployment runs an inference engine beside the ModelCaches that it reads: a Deployment or a LeaderWorkerSet, a Service and a PodDisruptionBudget.',
    ),
)

export type ModelDeployment = z.infer<typeof modelDeployment>
