import { z } from 'zod'
import { optional } from '../../api/schema/absent.ts'
import { startOf, text } from '../../api/schema/bounds.ts'
import { printable, quote } from '../../api/schema/text.ts'
import type { Rest } from '../../kube/rest.ts'

const MESSAGE = 512
/** Events of one reason in one namespace. Newer ones of a busy namespace may be behind them. */
const MAX_EVENTS = 500

const event = z.object({
  involvedObject: z.object({ name: optional(text(1_024)) }),
  message: optional(startOf(MESSAGE)),
  lastTimestamp: optional(text(64)),
  eventTime: optional(text(64)),
})
const page = z.object({ items: z.array(z.unknown()) })

/**
 * Why a StatefulSet of a LeaderWorkerSet cannot create its pods, in the words of its newest Event: a
 * StatefulSet has no condition that says it. The StatefulSet of the leaders has the name of the
 * LeaderWorkerSet, and that of the workers of gang 0 has `-0` behind it.
 */
export async function creationTrouble(
  rest: Pick<Rest, 'get'>,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`
  const fieldSelector = 'involvedObject.kind=StatefulSet,reason=FailedCreate'
  const { items } = page.parse(await rest.get(path, { query: { fieldSelector, limit: MAX_EVENTS }, signal }))
  const ours = items
    .flatMap(item => event.safeParse(item).data ?? [])
    .filter(({ involvedObject: { name: made = '' } }) => made === name || isWorkersOf(made, name))
  const newest = ours.toSorted((one, other) => timeOf(one) - timeOf(other)).at(-1)
  if (newest?.message === undefined) return undefined
  return `its pods cannot be created: ${quote(printable(newest.message), MESSAGE)}`
}

function isWorkersOf(made: string, name: string): boolean {
  return made.startsWith(`${name}-`) && /^\d+$/.test(made.slice(name.length + 1))
}

function timeOf({ lastTimestamp, eventTime }: z.infer<typeof event>): number {
  return Date.parse(lastTimestamp ?? eventTime ?? '') || 0
}
