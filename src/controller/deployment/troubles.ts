import { z } from 'zod'
import { CACHE_READY_GATE } from '../../api/names.ts'
import { optional } from '../../api/schema/absent.ts'
import { listOf, startOf, text } from '../../api/schema/bounds.ts'
import { printable, quote } from '../../api/schema/text.ts'
import type { Rest } from '../../kube/rest.ts'

const SHORT = 1_024
const MESSAGE = 512
const MAX_ITEMS = 64
/** One pod that does not serve explains the others. */
const MAX_PODS = 20

const told = { reason: optional(startOf(SHORT)), message: optional(startOf(MESSAGE)) }
const containerStatus = z.object({
  name: text(SHORT),
  state: optional(
    z.object({
      waiting: optional(z.object(told)),
      terminated: optional(z.object({ ...told, exitCode: z.int() })),
    }),
  ),
})
const pod = z.object({
  metadata: z.object({ name: text(253) }),
  spec: z.object({ schedulingGates: optional(listOf(z.object({ name: text(SHORT) }), MAX_ITEMS)) }),
  status: optional(
    z.object({
      conditions: optional(listOf(z.object({ type: text(SHORT), status: text(16), ...told }), MAX_ITEMS)),
      initContainerStatuses: optional(listOf(containerStatus, MAX_ITEMS)),
      containerStatuses: optional(listOf(containerStatus, MAX_ITEMS)),
    }),
  ),
})
const page = z.object({ items: z.array(z.unknown()) })

/** Why pods of a selector do not serve, in the words of the first one that says so. */
export async function podTrouble(
  rest: Pick<Rest, 'get'>,
  namespace: string,
  labelSelector: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
  const { items } = page.parse(await rest.get(path, { query: { labelSelector, limit: MAX_PODS }, signal }))
  return items
    .map(item => pod.safeParse(item).data)
    .map(found => found && troubleOf(found))
    .find(Boolean)
}

function troubleOf({ metadata, spec, status }: z.infer<typeof pod>): string | undefined {
  const gates = spec.schedulingGates?.map(({ name }) => name) ?? []
  // CachesReady says what it waits for.
  if (gates.includes(CACHE_READY_GATE)) return undefined
  if (gates.length > 0)
    return `pod ${metadata.name} waits at scheduling gate ${gates.map(name => printable(name)).join(', ')}`
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  // The scheduler has not looked yet since the last gate was removed.
  if (scheduled?.status === 'False' && scheduled.reason !== 'SchedulingGated')
    return words(`pod ${metadata.name}`, scheduled)
  for (const { name, state } of [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ]) {
    const where = `container ${name} of pod ${metadata.name}`
    if (state?.waiting?.reason !== undefined && !BRIEF.includes(state.waiting.reason))
      return words(where, state.waiting)
    if (state?.terminated !== undefined && state.terminated.exitCode !== 0)
      return words(`${where} has ended with exit code ${state.terminated.exitCode}`, state.terminated)
  }
  return undefined
}

/** What every container goes through. */
const BRIEF = ['ContainerCreating', 'PodInitializing']

function words(
  where: string,
  { reason, message }: { reason?: string | undefined; message?: string | undefined },
) {
  const said = message === undefined || message === '' ? '' : `, ${quote(printable(message), MESSAGE)}`
  return `${where}: ${printable(reason ?? 'not ready')}${said}`
}
