import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { freePorts } from './ports.ts'

it('hands out ports that can be bound, below the ephemeral range, none of them twice', async () => {
  const ports = [...(await freePorts(50)), ...(await freePorts(50))]
  expect(new Set(ports).size).toBe(100)
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(10_000)
  expect(Math.max(...ports)).toBeLessThan(32_000)
  for (const port of ports.slice(0, 5)) {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
  }
})
