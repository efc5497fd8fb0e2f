import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SHA256_DIGEST } from '../../api/schema/digest.ts'
import { parseJson } from '../../api/schema/parse.ts'
import { type DigestedFile, digestOf } from './digest.ts'
import { writeDurably } from './durable.ts'
import type { Layout } from './layout.ts'

const manifest = z.object({
  digest: z.string().regex(SHA256_DIGEST),
  /** Where the bytes came from: the same text for sources that give the same bytes. */
  identity: z.string(),
  revision: z.string().optional(),
  leftOut: z.int().optional(),
  files: z.array(
    z.object({ path: z.string(), size: z.int().min(0), sha256: z.string().regex(/^[a-f0-9]{64}$/) }),
  ),
})

/** What a complete snapshot consists of. */
export type Manifest = z.infer<typeof manifest>

export async function writeManifest(layout: Layout, content: Manifest): Promise<void> {
  await writeDurably(layout.manifest(content.digest), `${JSON.stringify(content)}\n`)
}

/** The manifest in a text, if it is complete and its digest matches its files. */
export function readManifest(text: string): Manifest | undefined {
  const { data } = manifest.safeParse(parseJson(text))
  return data !== undefined && digestOf(data.files) === data.digest ? data : undefined
}

/** The complete snapshot of that identity on the volume, if there is one: each of its files has its size. */
export async function findSnapshot(layout: Layout, identity: string): Promise<Manifest | undefined> {
  const names = await readdir(layout.manifests).catch(() => [])
  for (const name of names.filter(candidate => candidate.endsWith('.json'))) {
    const found = readManifest(await readFile(join(layout.manifests, name), 'utf8').catch(() => ''))
    if (found?.identity === identity && (await isWhole(layout.snapshot(found.digest), found.files)))
      return found
  }
  return undefined
}

/** Whether a folder has the files, by their sizes. Only the hydrator writes there. */
export async function isWhole(folder: string, files: readonly DigestedFile[]): Promise<boolean> {
  for (const { path, size } of files) {
    const found = await stat(join(folder, path)).catch(() => undefined)
    if (!found?.isFile() || found.size !== size) return false
  }
  return true
}
