import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FailureReason } from '../api/failure-reasons.ts'
import { HydrationError } from './failure.ts'
import { tellTrouble } from './trouble.ts'

/** What another Secret or ConfigMap may end. */
const OF_INPUTS: readonly FailureReason[] = [
  'ConfigMapNotFound',
  'GatedRepository',
  'SecretMalformed',
  'SecretNotAllowed',
  'SecretNotFound',
  'Unauthorized',
]

const LOOK_MS = 2_000
/** The source may change its mind, too: somebody accepts a license, or is given access. */
const TRY_ANYWAY_MS = 30 * 60_000

export interface AwaitInputsOptions {
  /**
   * Folders with the Secrets and ConfigMaps of the source, as kubelet mounts them and keeps them up to date.
   */
  folders: readonly string[]
  signal: AbortSignal
  lookMs?: number
}

/**
 * Does the work again each time that a Secret or a ConfigMap changes, for as long as one of them is missing
 * or the source rejects it. Other failures are thrown, and so is every failure if the source needs neither.
 */
export async function awaitingInputs<T>(
  work: () => Promise<T>,
  { folders, signal, lookMs = LOOK_MS }: AwaitInputsOptions,
): Promise<T> {
  for (;;) {
    const before = await fingerprint(folders)
    try {
      return await work()
    } catch (error) {
      if (folders.length === 0 || !(error instanceof HydrationError) || !OF_INPUTS.includes(error.reason))
        throw error
      const { reason, message } = error
      tellTrouble({ reason, message, isWaiting: true })
      await change(folders, before, { signal, lookMs })
      tellTrouble(undefined)
    }
  }
}

async function change(
  folders: readonly string[],
  before: string,
  { signal, lookMs }: { signal: AbortSignal; lookMs: number },
): Promise<void> {
  for (let waited = 0; waited < TRY_ANYWAY_MS; waited += lookMs) {
    if ((await fingerprint(folders)) !== before) return
    await sleep(lookMs, undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  }
}

/** A hash of all files. Kubernetes: a Secret or a ConfigMap has at most a mebibyte. */
async function fingerprint(folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of folders) {
    // kubelet replaces all files at once, by a link to another folder, and a file may be gone for that
    // moment.
    const names = (await readdir(folder, { recursive: true }).catch(() => [])).toSorted()
    for (const name of names) {
      const path = join(folder, name)
      const isFile = await stat(path).then(
        found => found.isFile(),
        () => false,
      )
      if (!isFile) continue
      hash.update(`${name}\0`).update(await readFile(path).catch(() => ''))
    }
  }
  return hash.digest('hex')
}
