import { expect, test, vi } from 'vitest'
import { type Credentials, renewedCredentials } from './credentials.ts'

const keys = (minutes: number): Credentials => ({
  accessKeyId: 'id',
  secretAccessKey: 'key',
  expiration: new Date(Date.now() + minutes * 60_000),
})

test('credentials are asked for once, and again before they expire', async () => {
  const ask = vi.fn(async () => keys(60))
  const current = renewedCredentials(ask)
  await Promise.all([current(), current()])
  await current()
  expect(ask).toHaveBeenCalledTimes(1)
  ask.mockImplementation(async () => keys(4))
  const soon = renewedCredentials(ask)
  await soon()
  await soon()
  expect(ask).toHaveBeenCalledTimes(3)
})

test('a failure is not kept', async () => {
  const ask = vi.fn(async (): Promise<Credentials> => {
    throw new Error('busy')
  })
  const current = renewedCredentials(ask)
  await expect(current()).rejects.toThrow('busy')
  ask.mockImplementation(async () => keys(60))
  expect(await current()).toMatchObject({ accessKeyId: 'id' })
})
