import { setTimeout as pause } from 'node:timers/promises'
import { ApiError } from '../../../src/kube/api-error.ts'
import { collectionPath } from '../../../src/kube/resource.ts'
import type { Rest } from '../../../src/kube/rest.ts'
import { annotations, pod } from '../../e2e/support/objects.ts'

/** What happened to one pod that asked for a cache. Times in milliseconds since the process started. */
export interface Verdict {
  readonly cache: string
  readonly askedAt: number
  /** `unanswered`: the API server or the webhook could not decide. */
  readonly said: 'allowed' | 'denied' | 'unanswered'
  /** The whole message, if it was denied. */
  readonly message: string
}

const DENIED = /admission webhook "\S+" denied the request/
const UNCONFIRMED = 'as of the last watch event'

/** Whether it is a confirmed denial. */
export function isSureDenial({ said, message }: Verdict): boolean {
  return said === 'denied' && !message.includes(UNCONFIRMED)
}

/** Creates a pod that asks for a cache, through the real API server. */
export async function askFor(cache: string, namespace: string, rest: Rest): Promise<Verdict> {
  const askedAt = performance.now()
  const path = collectionPath({ apiVersion: 'v1', plural: 'pods' }, namespace)
  const body = pod({ name: undefined, generateName: 'asks-', ...annotations(cache) })
  try {
    await rest.create(path, body, { fieldManager: 'faults', timeoutMs: 10_000 })
    return { cache, askedAt, said: 'allowed', message: '' }
  } catch (error) {
    const message = error instanceof ApiError ? error.message : String(error)
    return { cache, askedAt, said: DENIED.test(message) ? 'denied' : 'unanswered', message }
  }
}

/** Creates pods that ask for caches, one after the other, until it is disposed of. */
export interface Load extends AsyncDisposable {
  readonly verdicts: readonly Verdict[]
}

/** Between two pods. Short, but not zero, so that a server that refuses connections is not flooded. */
const PAUSE_MS = 20

export function startLoad(caches: readonly string[], namespace: string, rest: Rest): Load {
  const verdicts: Verdict[] = []
  const stop = new AbortController()
  const run = async () => {
    for (let turn = 0; !stop.signal.aborted; turn++) {
      const cache = caches[turn % caches.length] ?? ''
      verdicts.push(await askFor(cache, namespace, rest))
      await pause(PAUSE_MS)
    }
  }
  const ended = run()
  return {
    verdicts,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await ended
    },
  }
}
