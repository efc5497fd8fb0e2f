import { type Child, type ChildRequest, startChild } from './process.ts'
import { waitUntil } from './wait.ts'

/** A process that can be stopped and restarted with the same arguments, ports and log. */
export interface Daemon {
  readonly logPath: string
  /** Starts the process and resolves when it is ready. Does nothing while it runs. */
  start(): Promise<void>
  /** Stops the process and resolves when it is gone. Does nothing if it does not run. */
  stop(): Promise<void>
  /** Kills the process, as if its node were lost, and resolves when it is gone. */
  kill(): Promise<void>
  /** The running process; undefined if there is none. */
  child(): Child | undefined
}

export interface DaemonRequest extends ChildRequest {
  /** Returns why it is not ready yet, or nothing if it is. */
  ready: () => Promise<string | undefined>
  readyMs: number
}

/** Prepares a process, which does not run yet. */
export function prepareDaemon({ ready, readyMs, ...request }: DaemonRequest): Daemon {
  let child: Child | undefined
  const running = () => (child?.alive() ? child : undefined)
  return {
    logPath: request.logPath,
    child: running,
    start: async () => {
      if (running()) return
      const started = startChild(request)
      child = started
      await waitUntil({
        what: `readiness of ${request.name}`,
        timeoutMs: readyMs,
        children: [started],
        probe: ready,
      })
    },
    stop: async () => {
      await child?.stop()
    },
    kill: async () => {
      await running()?.kill()
    },
  }
}
