import { z } from 'zod'
import { modelCache } from '../../../src/api/modelcache.ts'
import { hydrationJob } from '../../../src/controller/modelcache/objects/hydration-job.ts'
import type { Cluster } from './cluster.ts'

export const HYDRATOR = 'registry.example.com/modelcache:1'

const job = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.looseObject({}),
      spec: z.looseObject({ containers: z.array(z.looseObject({})) }),
    }),
  }),
})

export type Job = z.infer<typeof job>

/**
 * The hydration Job that the controller would create for a stored cache, under a name of the test's own, and
 * not suspended.
 */
export async function hydrationJobOf(cluster: Cluster, cache: string, name: string): Promise<Job> {
  const stored = modelCache.parse(await cluster.get(`modelcache/${cache}`))
  const made = job.parse(
    JSON.parse(JSON.stringify(hydrationJob(stored, 'hydrate', { image: HYDRATOR, env: [] }))),
  )
  return { ...made, metadata: { ...made.metadata, name }, spec: { ...made.spec, suspend: false } }
}
