import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { startChild } from '../process.ts'
import { waitUntil } from '../wait.ts'

/** A way from this machine's loopback into a sandbox. */
export interface Door {
  /** The port on 127.0.0.1 of this machine. */
  readonly port: number
  close(): Promise<void>
}

const READY_MS = 10_000

/**
 * Opens a way to one port of the sandbox's loopback. A socket in the file system belongs to no network
 * namespace, so it crosses the boundary: a relay inside connects it to the port, and this process connects it
 * to a port of its own.
 */
export async function forwardPort(options: {
  dir: string
  enter: readonly string[]
  port: number
}): Promise<Door> {
  const { dir, port } = options
  const path = join(dir, `forward-${port}.sock`)
  const [command = '', ...args] = [
    ...options.enter,
    'socat',
    `UNIX-LISTEN:${path},fork,backlog=256`,
    `TCP:127.0.0.1:${port},nodelay`,
  ]
  const relay = startChild({ name: 'forward', command, args, logPath: join(dir, 'log', 'forward.log') })
  await waitUntil({
    what: `a way to port ${port}`,
    timeoutMs: READY_MS,
    children: [relay],
    probe: () =>
      new Promise(resolve => {
        const probe = connect(path, () => resolve(void probe.destroy()))
        probe.on('error', error => resolve(error.message))
      }),
  })
  const server = createServer({ noDelay: true }, outside => {
    const inside = connect(path)
    outside.pipe(inside).pipe(outside)
    outside.on('error', () => inside.destroy())
    inside.on('error', () => outside.destroy())
    outside.on('close', () => inside.destroy())
    inside.on('close', () => outside.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  return {
    port: address.port,
    close: async () => {
      server.close()
      await relay.kill()
    },
  }
}
