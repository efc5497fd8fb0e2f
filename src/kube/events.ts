import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import { isConflict } from './api-error.ts'
import type { Rest } from './rest.ts'

/** The object that an Event is about. */
export interface Regarding {
  readonly apiVersion: string
  readonly kind: string
  /** Undefined for kinds without namespaces. */
  readonly namespace?: string | undefined
  readonly name: string
  readonly uid?: string | undefined
}

/** What to record about an object. `kubectl describe` shows it. */
export interface EventInput {
  readonly type: 'Normal' | 'Warning'
  /** One CamelCase word. */
  readonly reason: string
  /** What was done, or was about to be done, in one CamelCase word. */
  readonly action: string
  /** What happened, and what to do about it. */
  readonly note: string
}

export interface Recorder {
  /** Never rejects. If an Event cannot be written, the log says so. */
  record(regarding: Regarding, event: EventInput): Promise<void>
}

/** Kubernetes: the maximum length of `note`. */
const MAX_NOTE = 1024
/** Kubernetes: where the Events of objects without a namespace are. */
const NO_NAMESPACE = 'default'

/**
 * An Event that was recorded this recently is not recorded again. A level-triggered look may find the same
 * thing many times.
 */
const RECENT_MS = 60_000
const MAX_RECENT = 1_000

const stored = z.object({ series: z.object({ count: z.number() }).nullish() })

/**
 * Writes Events (events.k8s.io/v1). If the same Event happens to an object again, it becomes a series of the
 * existing one: the name of an Event follows from its content, so this holds across restarts and replicas.
 */
export function createRecorder(options: {
  rest: Pick<Rest, 'create' | 'get' | 'jsonMerge'>
  /** The reporting controller, such as `modelplane.ai/controller`. */
  controller: string
  /** The reporting process. */
  instance: string
  fieldManager: string
  logger: Logger
  signal: AbortSignal
  /** Milliseconds since the epoch. */
  clock?: () => number
}): Recorder {
  const { rest, controller, instance, fieldManager, logger, signal, clock = Date.now } = options
  const call = { fieldManager, signal }
  /** When each Event was last recorded, by its path, the oldest first. */
  const told = new Map<string, number>()

  const isRecent = (path: string): boolean => {
    const before = told.get(path)
    return before !== undefined && clock() - before < RECENT_MS
  }
  const remember = (path: string): void => {
    told.delete(path)
    told.set(path, clock())
    const [oldest] = told.keys()
    if (told.size > MAX_RECENT && oldest !== undefined) told.delete(oldest)
  }

  const write = async (regarding: Regarding, { type, reason, action, note }: EventInput): Promise<void> => {
    const namespace = regarding.namespace ?? NO_NAMESPACE
    const collection = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`
    const identity = JSON.stringify([regarding.kind, regarding.uid, type, reason, note])
    const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16)
    // The name must not have a dash or a dot before this dot.
    const name = `${regarding.name.slice(0, 230).replace(/[-.]+$/, '')}.${hash}`
    const path = `${collection}/${encodeURIComponent(name)}`
    if (isRecent(path)) return
    // MicroTime: six digits after the second.
    const now = new Date(clock()).toISOString().replace('Z', '000Z')
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: now,
      reportingController: controller,
      reportingInstance: instance.slice(0, 128),
      type,
      reason,
      action,
      regarding,
      note: note.slice(0, MAX_NOTE),
    }
    try {
      await rest.create(collection, event, call)
    } catch (error) {
      if (!isConflict(error)) throw error
      const { series } = stored.parse(await rest.get(path, { signal }))
      const count = (series?.count ?? 1) + 1
      await rest.jsonMerge(path, { series: { count, lastObservedTime: now } }, call)
    }
    remember(path)
  }

  return {
    async record(regarding, event) {
      try {
        await write(regarding, event)
      } catch (error) {
        if (signal.aborted) return
        const { namespace, name } = regarding
        logger.warn({ err: error, namespace, name, reason: event.reason }, 'could not write an Event')
      }
    },
  }
}
