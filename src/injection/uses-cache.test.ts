import { expect, test } from 'vitest'
import { aModelCache, DIGEST, SNAPSHOT } from '../api/fixtures.ts'
import { consumerPod } from '../api/kubernetes/consumer-pod.ts'
import { usesCache } from './uses-cache.ts'

const onClaim = (subPath: string) =>
  aModelCache({
    spec: { storage: { backend: 'ExistingPVC', existingPVC: { name: 'models', subPath } } },
    status: { resolvedDigest: DIGEST, claimName: 'models' },
  })

const pod = consumerPod.parse({
  metadata: { name: 'server', namespace: 'ml-team' },
  spec: {
    containers: [
      {
        name: 'vllm',
        volumeMounts: [{ name: 'v', mountPath: '/mnt/model', subPath: `llama/${SNAPSHOT}`, readOnly: true }],
      },
    ],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'models', readOnly: true } }],
  },
})

test('of several caches that are staged into one claim, a pod uses the one whose folder it mounts', () => {
  expect(usesCache(pod, 'llama', onClaim('llama'))).toBe(true)
  expect(usesCache(pod, 'qwen', onClaim('qwen'))).toBe(false)
})
