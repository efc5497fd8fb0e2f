import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { archiveFormat } from '../../../src/hydrate/archive/format.ts'
import { unpack } from '../../../src/hydrate/archive/unpack.ts'

/** Every file of an archive with its SHA-256, as a hydrator would stage them. Fails as the hydrator would. */
export async function unpackAll(path: string): Promise<Record<string, string>> {
  const start = (await readFile(path)).subarray(0, 256 * 1024)
  const format = await archiveFormat(basename(path), start)
  if (format === undefined || format.kind === 'unsupported')
    throw new Error(JSON.stringify(format ?? 'no archive'))
  const files: Record<string, string> = {}
  await unpack(path, format, 'identity', async ({ path: name, size, open }) => {
    const hash = createHash('sha256')
    let bytes = 0
    const { content } = await open({ from: 0 }, new AbortController().signal)
    for await (const chunk of content) {
      hash.update(chunk)
      bytes += chunk.length
    }
    files[name] = hash.digest('hex')
    if (bytes !== size) throw new Error(`${name} has ${bytes} bytes, not ${size}`)
  })
  return files
}
