import { inferenceCluster } from '../src/api/inference-cluster.ts'
import { modelCache } from '../src/api/modelcache.ts'
import { modelDeployment } from '../src/api/modeldeployment.ts'
import { GROUP, VERSION } from '../src/api/schema/group.ts'
import { type JsonSchema, structuralSchema } from './structural-schema.ts'

/** A column of `kubectl get`; priority 1 shows with `-o wide`. */
interface PrinterColumn {
  name: string
  type: 'string' | 'integer' | 'date'
  jsonPath: string
  description?: string
  priority?: number
}

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

const MODEL_CACHE_COLUMNS: PrinterColumn[] = [
  { name: 'Source', type: 'string', jsonPath: '.status.source', description: 'Where the bytes come from.' },
  {
    name: 'Backend',
    type: 'string',
    jsonPath: '.spec.storage.backend',
    description: 'Where they are staged.',
  },
  { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'State in one word.' },
  {
    name: 'Ready',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    description: 'Whether pods may mount it.',
  },
  { name: 'Progress', type: 'string', jsonPath: '.status.progress', description: 'Share staged.' },
  { name: 'Size', type: 'string', jsonPath: '.status.size', description: 'Size of the artifact.' },
  {
    name: 'Clusters',
    type: 'string',
    jsonPath: '.status.replicas',
    description: 'In how many clusters it is Ready.',
  },
  {
    name: 'References',
    type: 'integer',
    jsonPath: '.status.references.count',
    description: 'Workloads whose pods have got it.',
  },
  AGE,
  {
    name: 'Digest',
    type: 'string',
    jsonPath: '.status.resolvedDigest',
    priority: 1,
    description: 'What was staged.',
  },
  {
    name: 'Mount',
    type: 'string',
    jsonPath: '.spec.mount.path',
    priority: 1,
    description: 'Path in containers.',
  },
]

const MODEL_DEPLOYMENT_COLUMNS: PrinterColumn[] = [
  {
    name: 'Strategy',
    type: 'string',
    jsonPath: '.spec.workers.topology.strategy',
    description: 'How each replica is spread over pods.',
  },
  {
    name: 'Replicas',
    type: 'integer',
    jsonPath: '.spec.replicas',
    description: 'Instances that are wanted.',
  },
  { name: 'Ready', type: 'string', jsonPath: '.status.ready', description: 'Instances that serve.' },
  { name: 'Caches', type: 'string', jsonPath: '.status.caches', description: 'Caches that are Ready.' },
  {
    name: 'Clusters',
    type: 'string',
    jsonPath: '.status.serving',
    description: 'Clusters whose instances all serve.',
  },
  AGE,
  { name: 'Image', type: 'string', jsonPath: '.spec.engine.image', priority: 1, description: 'The engine.' },
]

const INFERENCE_CLUSTER_COLUMNS: PrinterColumn[] = [
  {
    name: 'Source',
    type: 'string',
    jsonPath: '.spec.cluster.source',
    description: 'How the hub reaches it.',
  },
  {
    name: 'Ready',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    description: 'Whether caches can be staged there.',
  },
  {
    name: 'Version',
    type: 'string',
    jsonPath: '.status.kubernetesVersion',
    description: 'Version of its API server.',
  },
  {
    name: 'Class',
    type: 'string',
    jsonPath: '.spec.storage.storageClassName',
    description: 'StorageClass of ModelCaches that name none.',
  },
  { name: 'Caches', type: 'integer', jsonPath: '.status.caches', description: 'ModelCaches there.' },
  AGE,
  {
    name: 'Reason',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    priority: 1,
    description: 'Why it is Ready or not.',
  },
  {
    name: 'ModelCache',
    type: 'string',
    jsonPath: '.status.modelCacheVersion',
    priority: 1,
    description: 'Version of ModelCache there.',
  },
]

/** The CustomResourceDefinition of ModelCache, from the zod schema. */
export function modelCacheCrd(): JsonSchema {
  return definition({
    scope: 'Namespaced',
    names: {
      kind: 'ModelCache',
      listKind: 'ModelCacheList',
      plural: 'modelcaches',
      singular: 'modelcache',
      shortNames: ['mc', 'mcache'],
      categories: ['all'],
    },
    version: { subresources: { status: {} }, additionalPrinterColumns: MODEL_CACHE_COLUMNS },
    schema: structuralSchema(modelCache),
  })
}

/** The CustomResourceDefinition of ModelDeployment, from the zod schema. */
export function modelDeploymentCrd(): JsonSchema {
  return definition({
    scope: 'Namespaced',
    names: {
      kind: 'ModelDeployment',
      listKind: 'ModelDeploymentList',
      plural: 'modeldeployments',
      singular: 'modeldeployment',
      shortNames: ['mdeploy'],
      categories: ['all', 'modelplane'],
    },
    version: {
      subresources: {
        status: {},
        scale: {
          specReplicasPath: '.spec.replicas',
          statusReplicasPath: '.status.replicas',
          labelSelectorPath: '.status.selector',
        },
      },
      additionalPrinterColumns: MODEL_DEPLOYMENT_COLUMNS,
    },
    schema: structuralSchema(modelDeployment),
  })
}

/** The CustomResourceDefinition of InferenceCluster, from the zod schema. */
export function inferenceClusterCrd(): JsonSchema {
  return definition({
    scope: 'Cluster',
    names: {
      kind: 'InferenceCluster',
      listKind: 'InferenceClusterList',
      plural: 'inferenceclusters',
      singular: 'inferencecluster',
      shortNames: ['ic'],
    },
    version: { subresources: { status: {} }, additionalPrinterColumns: INFERENCE_CLUSTER_COLUMNS },
    schema: structuralSchema(inferenceCluster),
  })
}

interface Definition {
  scope: 'Namespaced' | 'Cluster'
  names: { plural: string } & JsonSchema
  /** Members of the one version, in addition to its schema. */
  version: { subresources?: JsonSchema; additionalPrinterColumns: PrinterColumn[] }
  schema: JsonSchema
}

function definition({ scope, names, version, schema }: Definition): JsonSchema {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names,
      versions: [
        { name: VERSION, served: true, storage: true, ...version, schema: { openAPIV3Schema: schema } },
      ],
    },
  }
}
