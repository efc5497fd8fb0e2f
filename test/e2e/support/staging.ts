import { expect } from 'vitest'
import { z } from 'zod'
import { snapshotPath } from '../../../src/api/volume-layout.ts'
import { type Cluster, eventually } from './cluster.ts'
import { DIGEST, RWX_CLASS } from './objects.ts'

/** A source without a network, and a size that needs no Job to ask for it. */
export const inline = {
  artifact: { kind: 'Bytes', source: { inline: { files: { 'a.txt': 'costs $(HOME) $5' } } } },
}
export const sized = { storage: { backend: 'PVC', pvc: { storageClassName: RWX_CLASS, sizeGiB: 5 } } }

const condition = z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() })
export const stored = z.looseObject({
  metadata: z.looseObject({ uid: z.string(), name: z.string(), finalizers: z.array(z.string()).optional() }),
  spec: z.looseObject({}),
  status: z
    .looseObject({ phase: z.string().optional(), conditions: z.array(condition).optional() })
    .optional(),
})

/** What a kubelet says about the hydrator. */
export const container = (state: object) => ({
  containerStatuses: [{ name: 'hydrate', image: 'x', imageID: 'x', ready: false, restartCount: 0, state }],
})

/** What a hydrator says that has succeeded. */
export const report = { digest: DIGEST, path: snapshotPath(DIGEST), bytes: 17, files: 1, seconds: 0.1 }

/**
 * How a test stages caches in a namespace without a node: it makes the volumes, and writes what a kubelet
 * would say about the pods.
 */
export function stagingIn(cluster: () => Cluster) {
  const get = async (resource: string) => stored.parse(await cluster().get(resource))
  const list = async (resource: string) =>
    z.object({ items: z.array(stored) }).parse(await cluster().get(resource)).items

  /** The cache, once it is in that phase for that reason. */
  const inPhase = (name: string, phase: string, reason?: string) =>
    eventually(`${name} to be ${phase} ${reason ?? ''}`, async () => {
      const cache = await get(`modelcache/${name}`)
      const ready = cache.status?.conditions?.find(({ type }) => type === 'Ready')
      return cache.status?.phase === phase && (reason === undefined || ready?.reason === reason)
        ? { ...cache.status, message: ready?.message }
        : undefined
    })

  /**
   * A volume for the claim, as a provisioner would create it. If it exists first, the binder does not wait
   * for its next round.
   */
  const provision = (claimName: string, storageClassName = RWX_CLASS) =>
    cluster().need({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `${cluster().namespace}-${claimName}` },
      spec: {
        accessModes: ['ReadWriteMany'],
        capacity: { storage: '10Gi' },
        storageClassName,
        claimRef: { namespace: cluster().namespace, name: claimName },
        nfs: { server: 'nfs.example.com', path: '/exports' },
      },
    })

  /** The newest pod of a Job. */
  const podOf = (job: string, but?: string) =>
    eventually(`a pod of ${job}`, async () => {
      return (await list('pods'))
        .map(({ metadata }) => metadata.name)
        .findLast(name => name.startsWith(`${job}-`) && name !== but)
    })

  const say = async (name: string, status: object) => {
    const patch = JSON.stringify({ status })
    const { code, stderr } = await cluster().kubectl([
      'patch',
      `pod/${name}`,
      '--subresource=status',
      '-p',
      patch,
    ])
    expect(code, stderr).toBe(0)
  }

  const run = (name: string) => say(name, { phase: 'Running', ...container({ running: {} }) })

  const end = (name: string, exitCode: number, message: object, reason?: string) =>
    say(name, {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      ...container({
        terminated: {
          exitCode,
          ...(reason !== undefined && { reason }),
          message: JSON.stringify(message),
          startedAt: '2026-01-01T00:00:00Z',
          // After a failure the Job controller waits for ten seconds from here on before it creates another
          // pod.
          finishedAt: exitCode === 0 ? '2026-01-01T00:00:10Z' : new Date().toISOString().replace(/\.\d+/, ''),
        },
      }),
    })

  const eventsOf = async (name: string) => {
    const { stdout } = await cluster().kubectl(['describe', `modelcache/${name}`])
    return stdout.slice(stdout.indexOf('\nEvents:')).replaceAll(/ {3,}/g, '  ')
  }

  return { get, list, inPhase, provision, podOf, say, run, end, eventsOf }
}
