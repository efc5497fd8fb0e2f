import { expect, test } from 'vitest'
import { createHostGate } from './host-gate.ts'

const NEVER = new AbortController().signal

test('a host that complains gets half as many requests, and one more with each answer', async () => {
  let now = 0
  const gate = createHostGate(() => now)
  const enter = () => gate.enter('hub', NEVER)
  const running = await Promise.all(Array.from({ length: 8 }, enter))
  gate.slowDown('hub', 5_000)
  gate.slowDown('hub', 5_000)
  now = 5_000
  let entered = 0
  const more = Array.from({ length: 8 }, () =>
    enter().then(leave => {
      entered++
      return leave
    }),
  )
  for (const leave of running.splice(0, 2)) leave()
  await Promise.resolve()
  // Six still run, and six may.
  expect(entered).toBe(0)
  for (const leave of running) leave()
  const left = await Promise.all(more)
  for (const leave of left) leave()
})

test('nobody starts while the host wants to be left alone, and other hosts do not wait', async () => {
  const gate = createHostGate()
  gate.slowDown('hub', 30)
  const entered: string[] = []
  const enter = async (host: string) => {
    const leave = await gate.enter(host, NEVER)
    entered.push(host)
    leave()
  }
  await Promise.all([enter('hub'), enter('other')])
  expect(entered).toEqual(['other', 'hub'])
})

test('a request that waits can be aborted', async () => {
  const gate = createHostGate()
  const leave = await gate.enter('hub', NEVER)
  gate.slowDown('hub', 0)
  const stop = new AbortController()
  const waits = gate.enter('hub', stop.signal)
  stop.abort(new Error('stop'))
  await expect(waits).rejects.toThrow('stop')
  leave()
})
