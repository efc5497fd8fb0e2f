import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { DIGEST } from '../../src/api/fixtures.ts'
import { modelCache as asStored } from '../../src/api/modelcache.ts'
import { CACHE_CONSUMER, INJECTED } from '../../src/api/names.ts'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { KINDS } from '../../src/cluster/kinds.ts'
import { claim as newClaim } from '../../src/controller/modelcache/objects/claim.ts'
import { isForbidden } from '../../src/kube/api-error.ts'
import { collectionPath, objectPath } from '../../src/kube/resource.ts'
import type { Rest } from '../../src/kube/rest.ts'
import { huggingFace, modelCache, readyStatus } from '../e2e/support/objects.ts'
import { inParallel } from './in-parallel.ts'

export interface ClusterSize {
  readonly namespaces: number
  /** Spread evenly over the namespaces, all Ready. */
  readonly caches: number
  /** Pods that got a cache, spread evenly. */
  readonly pods: number
}

const WRITE = { fieldManager: 'bench', timeoutMs: 60_000 }

/** Creates this many objects in a real cluster without a webhook. */
export async function fillCluster(rest: Rest, size: ClusterSize): Promise<void> {
  const namespaceOf = (index: number) => `team-${index % size.namespaces}`
  await inParallel(size.namespaces, index =>
    rest.create(collectionPath(KINDS.Namespace), { metadata: { name: namespaceOf(index) } }, WRITE),
  )
  await inParallel(size.caches, async index => {
    await createReadyCache(rest, namespaceOf(index), cacheOf(index))
  })
  await inParallel(size.pods, index => createPod(rest, namespaceOf(index), podOf(index)))
}

const STORAGE = { storageClassName: 'filestore-rwx', sizeGiB: 200 }
const withSpec = z.looseObject({ spec: z.looseObject({}) })
const created = z.object({ metadata: z.object({ uid: z.string() }) })

/** Creates a cache, its claim, and the status of a cache whose snapshot is complete. */
async function createReadyCache(
  rest: Rest,
  namespace: string,
  cache: ReturnType<typeof cacheOf>,
): Promise<void> {
  const { apiVersion, kind, metadata } = cache
  const stored = asStored.parse(await rest.create(collectionPath(KINDS.ModelCache, namespace), cache, WRITE))
  const made = withSpec.parse(newClaim(stored, STORAGE))
  // Kubernetes waits for a volume of this name, without an Event for each claim.
  const waiting = { ...made, spec: { ...made.spec, volumeName: `volume-of-${metadata.name}` } }
  const claim = await rest.create(collectionPath(KINDS.PersistentVolumeClaim, namespace), waiting, WRITE)
  const status = {
    ...readyStatus(`modelcache--${metadata.name}`),
    claimUID: created.parse(claim).metadata.uid,
  }
  await rest.apply(
    `${objectPath(KINDS.ModelCache, namespace, metadata.name)}/status`,
    { apiVersion, kind, metadata, status },
    WRITE,
  )
}

function cacheOf(index: number) {
  const source = { huggingFace: { ...huggingFace, include: ['*.safetensors', '*.json', 'tokenizer*'] } }
  return modelCache(`llama-3-3-70b-instruct-${index}`, {
    artifact: { kind: 'Weights', source },
    mount: { path: '/mnt/model' },
    storage: { backend: 'PVC', pvc: STORAGE },
  })
}

/** A worker of a gang as stored. Rules ask about little of it. */
function podOf(index: number) {
  const claimName = `modelcache--llama-3-3-70b-instruct-${index}`
  const variables = Array.from({ length: 20 }, (_, i) => ({ name: `NCCL_OPTION_${i}`, value: `value-${i}` }))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `llama-gang-${index}`,
      labels: { [CACHE_CONSUMER]: 'true', app: 'llama' },
      annotations: { [INJECTED]: `llama-3-3-70b-instruct-${index}=${DIGEST}` },
    },
    spec: {
      containers: [
        {
          name: 'vllm',
          image: 'vllm/vllm-openai:v0.11.0',
          args: ['--model', '/mnt/model', '--tensor-parallel-size', '8', '--max-model-len', '32768'],
          env: variables,
          resources: { limits: { cpu: '16', memory: '128Gi', 'nvidia.com/gpu': '8' } },
          volumeMounts: [
            { name: 'weights', mountPath: '/mnt/model', readOnly: true, subPath: snapshotPath(DIGEST) },
            { name: 'shm', mountPath: '/dev/shm' },
          ],
        },
      ],
      volumes: [
        { name: 'weights', persistentVolumeClaim: { claimName, readOnly: true } },
        { name: 'shm', emptyDir: { medium: 'Memory' } },
      ],
    },
  }
}

/** Pods are rejected in a new namespace until it has its default ServiceAccount. */
async function createPod(rest: Rest, namespace: string, pod: object): Promise<void> {
  for (;;) {
    try {
      await rest.create(collectionPath(KINDS.Pod, namespace), pod, WRITE)
      return
    } catch (error) {
      if (!isForbidden(error)) throw error
      await pause(200)
    }
  }
}
