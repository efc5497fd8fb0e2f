import { z } from 'zod'
import { eventually } from './cluster.ts'
import type { FleetMember } from './fleet.ts'

/** A cluster of a fleet, also that of the hub. */
export type Place = Pick<FleetMember, 'cluster'>

/** The metadata of an object that travels, or of its copy. */
export const metadata = z.looseObject({
  uid: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
  deletionTimestamp: z.string().optional(),
})

const condition = z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() })
export const conditions = z.array(condition).optional()

/** Reads objects of a kind, wherever they are. */
export function readerOf<T>(kind: string, schema: z.ZodType<T>) {
  const read = async ({ cluster }: Place, name: string): Promise<T | undefined> => {
    const { stdout } = await cluster.kubectl(['get', `${kind}/${name}`, '--ignore-not-found', '-o', 'json'])
    return stdout === '' ? undefined : schema.parse(JSON.parse(stdout))
  }
  return {
    read,
    /** The object, once it says what is awaited. */
    until: (place: Place, name: string, what: string, holds: (found: T) => boolean): Promise<T> =>
      eventually(`${kind} ${name} to say ${what}`, async () => {
        const found = await read(place, name)
        return found !== undefined && holds(found) ? found : undefined
      }),
  }
}
