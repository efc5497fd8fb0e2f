import { setTimeout as sleep } from 'node:timers/promises'
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts'
import { createRest } from '../../../src/kube/rest.ts'
/** The results of a loop of creates. */
export interface Creates {
  created: number
  /** The API server's answer to each failed create. */
  failures: string[]
}

/** Creates in progress at a time. */
export const CONCURRENT = 4

/**
 * Creates real pods for as long as something lasts, one after another in a few lanes, at the requested rate
 * or above if the machine is fast enough. They have a gate of their own, so no node runs them.
 */
export async function createWhile(options: {
  /** Path of a kubeconfig. */
  kubeconfig: string
  namespace: string
  caches: string
  perSecond: number
  during: () => Promise<void>
}): Promise<Creates> {
  const { kubeconfig, namespace, caches, perSecond, during } = options
  const rest = createRest(loadKubeConfig(kubeconfig))
  const result: Creates = { created: 0, failures: [] }
  const state = { over: false }
  const lane = async (): Promise<void> => {
    while (!state.over) {
      const began = performance.now()
      await rest
        .create(`/api/v1/namespaces/${namespace}/pods`, heldPod(caches), {
          fieldManager: 'load',
          timeoutMs: 40_000,
        })
        .then(
          () => result.created++,
          error => result.failures.push(error instanceof Error ? error.message : String(error)),
        )
      await sleep(Math.max(0, (CONCURRENT * 1000) / perSecond - (performance.now() - began)))
    }
  }
  const lanes = Array.from({ length: CONCURRENT }, lane)
  try {
    await during()
  } finally {
    state.over = true
    await Promise.all(lanes)
  }
  return result
}

function heldPod(caches: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'load-',
      labels: { app: 'load' },
      annotations: { 'modelplane.ai/caches': caches },
    },
    spec: {
      schedulingGates: [{ name: 'example.com/load' }],
      containers: [{ name: 'main', image: 'load' }],
    },
  }
}
