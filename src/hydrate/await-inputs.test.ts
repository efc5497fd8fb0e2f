import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FailureReason } from '../api/failure-reasons.ts'
import { awaitingInputs } from './await-inputs.ts'
import { HydrationError } from './failure.ts'
import { onTrouble, type Trouble } from './trouble.ts'

let folder: string
let told: (Trouble | undefined)[]
let stopListening: () => void

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelcache-inputs-'))
  told = []
  stopListening = onTrouble(trouble => told.push(trouble))
})
afterEach(async () => {
  stopListening()
  await rm(folder, { recursive: true })
})

const signal = new AbortController().signal
const failing = (reason: FailureReason) => new HydrationError(reason, 'no')

/** Fails until the Secret has these words in it. */
function needing(words: string, reason: FailureReason = 'SecretNotFound') {
  let attempts = 0
  const work = async () => {
    attempts += 1
    const held = await readFile(join(folder, 'hf', 'token'), 'utf8').catch(() => '')
    if (held !== words) throw failing(reason)
    return attempts
  }
  return awaitingInputs(work, { folders: [folder], signal, lookMs: 5 })
}

/** All at once, as kubelet does it. */
const put = async (words: string) => {
  await mkdir(join(folder, 'hf'), { recursive: true })
  const beside = `${folder}.token`
  await writeFile(beside, words)
  await rename(beside, join(folder, 'hf', 'token'))
}

const untilTold = async (count: number) => {
  while (told.length < count) await new Promise(resolve => setTimeout(resolve, 5))
}

test('what needs a Secret goes on once it is there and right, and says what it waits for', async () => {
  const done = needing('right')
  await untilTold(1)
  await put('wrong')
  await untilTold(3)
  await put('right')
  expect(await done).toBe(3)
  const waiting = { reason: 'SecretNotFound', message: 'no', isWaiting: true }
  expect(told).toEqual([waiting, undefined, waiting, undefined])
})

test('a Secret that the source rejects is waited for, too', async () => {
  await put('old')
  const done = needing('new', 'Unauthorized')
  await untilTold(1)
  await put('new')
  expect(await done).toBe(2)
})

test('a failure that no Secret can end is thrown at once', async () => {
  await expect(needing('x', 'SourceNotFound')).rejects.toThrow(HydrationError)
})

test('nothing is waited for if the source needs no Secret', async () => {
  const work = () => Promise.reject(failing('Unauthorized'))
  await expect(awaitingInputs(work, { folders: [], signal })).rejects.toThrow(HydrationError)
})

test('a signal ends the wait', async () => {
  const stop = new AbortController()
  const work = () => Promise.reject(failing('SecretNotFound'))
  const done = awaitingInputs(work, { folders: [folder], signal: stop.signal, lookMs: 60_000 })
  await untilTold(1)
  stop.abort(failing('Interrupted'))
  await expect(done).rejects.toMatchObject({ reason: 'Interrupted' })
})
