import { z } from 'zod'
import { HUB } from '../../api/names.ts'

const labelled = z.object({ metadata: z.object({ labels: z.object({ [HUB]: z.string() }) }) })

/** Whether the hub of this ID has made an object of another cluster, whatever that cluster answers. */
export function isMadeBy(hubID: string, object: unknown): boolean {
  return labelled.safeParse(object).data?.metadata.labels[HUB] === hubID
}
