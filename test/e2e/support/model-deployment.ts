import { expect } from 'vitest'
import { z } from 'zod'
import { type Cluster, eventually } from './cluster.ts'
import { storedPod } from './stored-pod.ts'

/** A ModelDeployment of vLLM that reads the cache `llama`. */
export const modelDeployment = (name: string, spec: object = {}) => ({
  apiVersion: 'modelplane.ai/v1alpha1',
  kind: 'ModelDeployment',
  metadata: { name },
  spec: {
    engine: { image: 'vllm/vllm-openai:v0.11.0', args: ['--model=/mnt/model'] },
    caches: [{ name: 'llama' }],
    ...spec,
  },
})

const condition = z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() })
const withStatus = z.looseObject({
  status: z.looseObject({ conditions: z.array(condition).optional() }),
})
const pods = z.object({ items: z.array(storedPod) })

/** What tests ask about the ModelDeployments of a namespace. */
export function deploymentsOf({ get, kubectl }: Cluster) {
  return {
    /** The message of a condition, once it has that status and reason. */
    inCondition(name: string, type: string, status: string, reason: string): Promise<string> {
      return eventually(`${name} to be ${type}=${status} for ${reason}`, async () => {
        const found = withStatus
          .parse(await get(`modeldeployment/${name}`))
          .status.conditions?.find(each => each.type === type)
        return found?.status === status && found.reason === reason ? found.message : undefined
      })
    },

    async podsOf(name: string) {
      const selector = `modelplane.ai/modeldeployment=${name}`
      const { stdout } = await kubectl(['get', 'pods', '-l', selector, '-o', 'json'])
      return pods.parse(JSON.parse(stdout)).items
    },

    async path(resource: string, jsonpath: string): Promise<string> {
      return (await kubectl(['get', resource, '-o', `jsonpath={${jsonpath}}`])).stdout
    },

    /** Says what a kubelet says about a pod that serves. */
    async serve(pod: string): Promise<void> {
      const status = {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      }
      const args = ['patch', `pod/${pod}`, '--subresource=status', '-p', JSON.stringify({ status })]
      expect((await kubectl(args)).code).toBe(0)
    },
  }
}
