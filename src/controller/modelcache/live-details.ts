import type { Logger } from 'pino'
import { z } from 'zod'
import { type HydrationProgress, hydrationProgress } from '../../api/hydration-report.ts'
import { HYDRATOR_CONTAINER, type HydrationPod } from '../../api/kubernetes/hydration-pod.ts'
import { optional } from '../../api/schema/absent.ts'
import { parseJson } from '../../api/schema/parse.ts'
import { printable, quote } from '../../api/schema/text.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { listAll, pagesOf } from '../../kube/list.ts'
import { objectPath } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { createAllowance } from './allowance.ts'
import { isRunning } from './job/pods.ts'
import { type Details, isUnbound, type Observation, type Run } from './observe.ts'

/** How often we read the log of a pod and the Events of an object, at most. */
const EVERY_MS = 4_000
/** If something takes longer than this, we ask why. */
const PATIENCE_MS = 10_000
/**
 * How many lists of Events a second we ask for, for all caches together. The API server reads all Events of a
 * namespace for each list. With a thousand caches that wait, it would do nothing else.
 */
const EVENT_LISTS_PER_SECOND = 8
const MAX_REMEMBERED = 4_000
/** kubelet and the scheduler need fewer characters than this, or say the cause first. */
const MAX_EVENT_MESSAGE = 512

/**
 * Reads what no watch shows: how far a pod is, and why something waits. Each at most once in a few seconds.
 */
export type ReadDetails = (seen: Observation) => Promise<Details>

export function createReadDetails({
  rest,
  logger,
  signal,
}: {
  rest: Pick<Rest, 'get' | 'log'>
  logger: Logger
  signal: AbortSignal
}): ReadDetails {
  const remembered = new Map<string, { at: number; answer: Promise<unknown> }>()
  const mayList = createAllowance(EVENT_LISTS_PER_SECOND)
  /** What was found last is better than nothing while nothing new may be read. */
  const atMostOften = <T>(
    key: string,
    now: number,
    read: () => Promise<T>,
    may: (now: number) => boolean = () => true,
  ): Promise<T> | undefined => {
    const known = remembered.get(key)
    const isFresh = known !== undefined && now - known.at < EVERY_MS
    if (isFresh || !may(now)) return known?.answer as Promise<T> | undefined
    const answer = read()
    remembered.delete(key)
    remembered.set(key, { at: now, answer })
    const [oldest] = remembered.keys()
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest)
    return answer
  }
  /** Going on without a detail is fine, because the watches show what matters. */
  const ignored = (error: unknown): undefined => {
    if (!signal.aborted) logger.warn({ err: error }, 'could not read the progress of a cache')
  }
  const progressOf = (pod: HydrationPod, now: number) => {
    const { namespace, name, uid } = pod.metadata
    return atMostOften(`log ${uid}`, now, () =>
      readProgress(rest, objectPath(KINDS.HydrationPod, namespace, name), signal).catch(ignored),
    )
  }
  const warningAbout = (namespace: string, uid: string | undefined, now: number) =>
    uid === undefined
      ? undefined
      : atMostOften(
          `events ${uid}`,
          now,
          () => readWarning(rest, namespace, uid, signal).catch(ignored),
          mayList,
        )

  return async seen => {
    const { cache, claim, runs, now } = seen
    const { namespace = '' } = cache.metadata
    const current = runs.hydrate ?? runs.measure ?? runs.verify ?? runs.prune
    if (cache.status?.removal !== undefined && runs.prune === undefined)
      return { consumers: await consumersIn(rest, namespace, signal).catch(ignored) }
    const pod = current?.pods.at(-1)
    if (pod !== undefined && isRunning(pod)) return { progress: await progressOf(pod, now) }
    if (current === undefined || !isLate(current, now)) return {}
    return {
      warnings: {
        claim: isUnbound(seen) ? await warningAbout(namespace, claim?.metadata.uid, now) : undefined,
        run: await warningAbout(namespace, pod?.metadata.uid ?? current.job.metadata.uid, now),
      },
    }
  }
}

/** The pods that got caches and have not ended. */
async function consumersIn(rest: Pick<Rest, 'get'>, namespace: string, signal: AbortSignal) {
  const pods = await listAll(rest, KINDS.Pod, { namespace, signal })
  return pods.filter(({ finished }) => !finished)
}

function isLate({ job }: Run, now: number): boolean {
  const since = Date.parse(job.status?.startTime ?? job.metadata.creationTimestamp ?? '')
  return now - since > PATIENCE_MS
}

async function readProgress(
  rest: Pick<Rest, 'log'>,
  path: string,
  signal: AbortSignal,
): Promise<HydrationProgress | undefined> {
  const bounds = { tailLines: 5, limitBytes: 16_384 }
  const log = await rest.log(path, { container: HYDRATOR_CONTAINER, ...bounds, signal })
  return log
    .split('\n')
    .map(progressIn)
    .findLast(progress => progress !== undefined)
}

function progressIn(line: string): HydrationProgress | undefined {
  if (!line.startsWith('{"progress"')) return undefined
  return hydrationProgress.safeParse(parseJson(line)).data
}

const event = z.object({
  reason: optional(z.string()),
  message: optional(z.string()),
  lastTimestamp: optional(z.string()),
  eventTime: optional(z.string()),
  series: optional(z.object({ lastObservedTime: optional(z.string()) })),
})

/**
 * Anybody may write Events, as many and as large as they like. We read a few at a time, and stop at this
 * number.
 */
const EVENTS_AT_A_TIME = 10
const MAX_EVENTS = 100
const MAX_EVENT_PAGES = 20

/**
 * The latest failure in a Warning about an object, quoted, because anybody who may write Events chooses the
 * text.
 */
async function readWarning(
  rest: Pick<Rest, 'get'>,
  namespace: string,
  uid: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const query = { fieldSelector: `involvedObject.uid=${uid},type=Warning` }
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`
  let latest: { message: string; at: number } | undefined
  let read = 0
  let pages = 0
  for await (const { items } of pagesOf(rest, path, { query, first: EVENTS_AT_A_TIME, signal })) {
    for (const failure of items.flatMap(failureIn)) {
      // Events without a time come first.
      if (latest === undefined || !(failure.at < latest.at)) latest = failure
    }
    read += items.length
    pages += 1
    if (read >= MAX_EVENTS || pages >= MAX_EVENT_PAGES) break
  }
  return latest?.message
}

/**
 * FailedMount, FailedCreate, ProvisioningFailed. Other Warnings, such as MissingClusterDNS, do not hold
 * anything up.
 */
function failureIn(item: unknown): { message: string; at: number }[] {
  const { reason, message, series, lastTimestamp, eventTime } = event.safeParse(item).data ?? {}
  if (!message || !reason?.includes('Failed')) return []
  const at = Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? '')
  return [{ message: printable(quote(message, MAX_EVENT_MESSAGE)), at: Number.isNaN(at) ? 0 : at }]
}
