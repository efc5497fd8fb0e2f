import { type Child, type ChildRequest, startChild } from './process.ts'
import { waitUntil } from './wait.ts'

/** A process that can be taken down and brought back, always with the same arguments, ports and log. */
export interface Daemon {
  readonly logPath: string
  /** Starts the process and resolves when it is ready; does nothing while it runs. */
  start(): Promise<void>
  /** Stops the process and resolves when it is gone; does nothing when none runs. */
  stop(): Promise<void>
  /** Ends the process outright, as when its node is lost, and resolves when it is gone. */
  kill(): Promise<void>
  /** The process as it runs now; undefined when none does. */
  child(): Child | undefined
}

export interface DaemonRequest extends ChildRequest {
  /** Says why it is not ready yet, or nothing when it is. */
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
