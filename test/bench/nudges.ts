import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { KINDS } from '../../src/cluster/kinds.ts'
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts'
import { collectionPath, objectPath } from '../../src/kube/resource.ts'
import { createRest } from '../../src/kube/rest.ts'
import { annotations, modelCache, readyStatus, soundSpec } from '../e2e/support/objects.ts'
import type { OwnPlane } from '../e2e/support/own-plane.ts'
import { inParallel } from './in-parallel.ts'
import { type Result, rowOf } from './results.ts'

const WORKLOADS = 200
/** After this time without its cache, a ReplicaSet tries again every two and a half minutes at most. */
const DENIED_MS = 90_000
const POLL_MS = 100
const WRITE = { fieldManager: 'bench', timeoutMs: 60_000 }
const REPLICA_SETS = { apiVersion: 'apps/v1', plural: 'replicasets' }
const PODS = { apiVersion: 'v1', plural: 'pods' }
const NUDGED = 'with nudges'
const ALONE = 'the back-off of ReplicaSets alone'

const list = z.object({ items: z.array(z.unknown()) })

/**
 * How long it takes from a cache that is Ready to the pods of 200 workloads that were denied, with the
 * controller and without it.
 */
export async function benchNudges({ product, controlPlane }: OwnPlane): Promise<Result> {
  const rest = createRest(loadKubeConfig(controlPlane.kubeconfig))

  const measure = async (namespace: string, isNudged: boolean): Promise<number> => {
    await rest.create(collectionPath(KINDS.Namespace), { metadata: { name: namespace } }, WRITE)
    const cache = modelCache('llama', soundSpec())
    // The bench says when it is Ready, and no controller does.
    const paused = { ...cache, metadata: { name: 'llama', annotations: { 'modelplane.ai/paused': 'true' } } }
    await rest.create(collectionPath(KINDS.ModelCache, namespace), paused, WRITE)
    await inParallel(WORKLOADS, index =>
      rest.create(collectionPath(REPLICA_SETS, namespace), replicaSet(`server-${index}`), WRITE),
    )
    await pause(DENIED_MS)
    if (!isNudged) await product.controller.stop()
    const path = `${objectPath(KINDS.ModelCache, namespace, 'llama')}/status`
    await rest.jsonMerge(path, { status: readyStatus('modelcache--llama') }, WRITE)
    const from = Date.now()
    const pods = async () => list.parse(await rest.get(collectionPath(PODS, namespace))).items.length
    while ((await pods()) < WORKLOADS) await pause(POLL_MS)
    if (!isNudged) await product.controller.start()
    return Math.round((Date.now() - from) / 100) / 10
  }

  const nudged = await measure('nudged', true)
  console.log(`${WORKLOADS} workloads have their pods after ${nudged} s`)
  const alone = await measure('alone', false)
  console.log(`without the controller after ${alone} s`)
  return rowOf({
    name: 'controller-nudges',
    work: `until ${WORKLOADS} ReplicaSets whose pods were denied for ${DENIED_MS / 1000} s have them, after their cache is Ready`,
    unit: 's',
    ours: NUDGED,
    figures: new Map([
      [NUDGED, [nudged]],
      [ALONE, [alone]],
    ]),
  })
}

function replicaSet(name: string): object {
  const labels = { app: name }
  const containers = [{ name: 'vllm', image: 'vllm/vllm-openai:v0.11.0' }]
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels, ...annotations('llama') }, spec: { containers } },
    },
  }
}
