import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SHA256_DIGEST } from '../../api/schema/digest.ts'
import { parseJson } from '../../api/schema/parse.ts'
import { digestOf, snapshotPath } from '../../api/volume-layout.ts'
import { digestOf as digestOfFiles } from './digest.ts'
import { writeDurably } from './durable.ts'
import type { Layout } from './layout.ts'

/** Bytes: 100,000 files with long names. */
const MAX_MANIFEST = 128 * 1024 * 1024

const manifest = z.object({
  digest: z.string().regex(SHA256_DIGEST),
  /** Where the bytes came from: the same text for sources that give the same bytes. */
  identity: z.string(),
  revision: z.string().optional(),
  leftOut: z.int().optional(),
  /**
   * The claim for which the snapshot was written, or was hashed. A volume may have had a life before its
   * claim.
   */
  claimUID: z.string().optional(),
  files: z.array(
    z.object({ path: z.string(), size: z.int().min(0), sha256: z.string().regex(/^[a-f0-9]{64}$/) }),
  ),
})

/** What a complete snapshot consists of. */
export type Manifest = z.infer<typeof manifest>

/** How many files of a manifest are one piece of its text. */
const PIECE = 1_000

/** The text of a manifest, in pieces: with 100,000 files it has 17 MiB. */
export function* manifestText({ files, ...about }: Manifest): Generator<string> {
  yield JSON.stringify({ ...about, files: [] }).slice(0, -']}'.length)
  for (let at = 0; at < files.length; at += PIECE) {
    const piece = JSON.stringify(files.slice(at, at + PIECE)).slice('['.length, -']'.length)
    yield at === 0 ? piece : `,${piece}`
  }
  yield ']}'
}

export async function writeManifest(layout: Layout, content: Manifest): Promise<void> {
  await writeDurably(layout.manifest(content.digest), manifestText(content))
}

/** The manifest in a text, if it is complete and its digest matches its files. */
export function readManifest(text: string): Manifest | undefined {
  const { data } = manifest.safeParse(parseJson(text))
  return data !== undefined && digestOfFiles(data.files) === data.digest ? data : undefined
}

/** Every manifest on the volume that can be read. */
export async function* manifestsOn(layout: Layout): AsyncGenerator<Manifest> {
  const names = await readdir(layout.manifests).catch(() => [])
  for (const name of names.filter(candidate => candidate.endsWith('.json'))) {
    const found = readManifest(await readBounded(join(layout.manifests, name)))
    if (found !== undefined) yield found
  }
}

/** The manifest of a snapshot; undefined if there is none that tells its files. */
export async function manifestOf(layout: Layout, digest: string): Promise<Manifest | undefined> {
  const found = readManifest(await readBounded(layout.manifest(digest)))
  return found?.digest === digest ? found : undefined
}

/** The digests of all snapshots on a volume, with or without a manifest. */
export async function snapshotsOn(layout: Layout): Promise<string[]> {
  const folders = await readdir(join(layout.volume, snapshotPath(''))).catch(() => [])
  const names = await readdir(layout.manifests).catch(() => [])
  const all = [...folders, ...names.map(name => name.replace(/\.json$/, ''))]
  const digests = all.map(name => digestOf(snapshotPath(name))).filter(found => found !== undefined)
  return [...new Set(digests.filter(found => SHA256_DIGEST.test(found)))].toSorted()
}

/** Empty if the file is gone, or larger than any manifest of ours. */
export async function readBounded(path: string): Promise<string> {
  const size = await stat(path).then(
    found => found.size,
    () => 0,
  )
  return size === 0 || size > MAX_MANIFEST ? '' : readFile(path, 'utf8').catch(() => '')
}
