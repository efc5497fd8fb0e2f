import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { archiveOnDisk } from '../../../src/hydrate/archive/archive-file.ts'
import { archiveFormat } from '../../../src/hydrate/archive/format.ts'
import { plant } from '../../../src/hydrate/archive/plant.ts'
import type { Planting } from '../../../src/hydrate/archive/tree.ts'
import { unpack } from '../../../src/hydrate/archive/unpack.ts'

/** Every file of an archive with its SHA-256, as a hydrator would stage them. Fails as the hydrator would. */
export async function unpackAll(path: string): Promise<Record<string, string>> {
  const start = (await readFile(path)).subarray(0, 256 * 1024)
  const format = await archiveFormat(basename(path), start)
  if (format === undefined || format.kind === 'unsupported')
    throw new Error(JSON.stringify(format ?? 'no archive'))
  const files = new Map<string, Buffer>()
  const planting: Planting = {
    identity: 'identity',
    async *contentOf(name, from, to) {
      yield files.get(name)?.subarray(from, to) ?? Buffer.alloc(0)
    },
    async put({ path: name, size, open }) {
      const { content } = await open({ from: 0 }, new AbortController().signal)
      const whole = Buffer.concat(await Array.fromAsync(content))
      files.set(name, whole)
      if (whole.length !== size) throw new Error(`${name} has ${whole.length} bytes, not ${size}`)
    },
  }
  await unpack({ archive: await archiveOnDisk(path), format }, entries => plant(planting, entries))
  return Object.fromEntries(
    [...files].map(([name, content]) => [name, createHash('sha256').update(content).digest('hex')]),
  )
}
