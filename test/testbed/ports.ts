import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the ephemeral range of every common system, so no outgoing connection can take a port before a server
// binds it.
const LOWEST = 10_000
const HIGHEST = 32_000
const ATTEMPTS = 200

const handedOut = new Set<number>()

/** A port on 127.0.0.1 where nothing listens now. A process never gets the same port twice. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, HIGHEST)
    if (handedOut.has(port)) continue
    handedOut.add(port)
    if (await canBind(port)) return port
  }
  throw new Error(`no free port on 127.0.0.1 after ${ATTEMPTS} attempts between ${LOWEST} and ${HIGHEST}`)
}

/** This many different free ports. */
export function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

async function canBind(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
