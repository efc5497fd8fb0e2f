import { z } from 'zod'
import { mapValue, optional } from '../schema/absent.ts'
import { storedObjectMeta } from './metadata.ts'
import { parseQuantity } from './quantity.ts'

/** Nobody plugs in more kinds of devices. */
const MAX_DEVICES = 32

/** What rules read of a Node: how many devices of each kind pods may have. */
export const node = z.object({
  metadata: storedObjectMeta,
  status: optional(
    z.object({
      allocatable: optional(z.record(z.string(), mapValue(z.string())).transform(devices)),
    }),
  ),
})

/** Device plugins name their resources with a domain. Devices are counted in whole numbers. */
function devices(allocatable: Readonly<Record<string, string>>): Readonly<Record<string, number>> {
  const found = Object.entries(allocatable).flatMap(([name, quantity]): [string, number][] => {
    const count = name.includes('/') ? parseQuantity(quantity) : undefined
    return count === undefined ? [] : [[name, Number(count / 10n ** 9n)]]
  })
  return Object.fromEntries(found.slice(0, MAX_DEVICES))
}

export type Node = z.infer<typeof node>
