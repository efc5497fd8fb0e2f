import { quote } from '../api/schema/text.ts'
import { archiveAtSource } from './archive/archive-file.ts'
import { DamagedArchive } from './archive/damage.ts'
import type { ArchiveEntry } from './archive/entry.ts'
import { createImage } from './archive/image.ts'
import { plant } from './archive/plant.ts'
import { unpack } from './archive/unpack.ts'
import { HydrationError } from './failure.ts'
import type { Listing, PackedFiles, Resolved } from './sources/source.ts'
import type { Manifest } from './volume/manifest.ts'
import { checkRoomFor, checkWritten } from './volume/space.ts'
import type { Volume } from './volume/volume.ts'
import { openSnapshot, type Snapshot } from './volume/work.ts'
import { checksumOf, onceMore, plantingOf, type Staging } from './write-archive.ts'

type Layers = Listing & { packed: readonly PackedFiles[] }

/**
 * Writes the snapshot of an artifact with archives among its layers, or of a container image. Archives are
 * unpacked as they come, one after the other over all connections, and come before the files: if one is
 * damaged, all begins again.
 */
export function writeLayers(
  volume: Volume,
  resolved: Resolved,
  layers: Layers,
  staging: Staging,
): Promise<Manifest> {
  return onceMore(staging, earlier => attempt(volume, resolved, layers, staging, earlier !== undefined))
}

async function attempt(
  volume: Volume,
  { identity, revision }: Resolved,
  layers: Layers,
  staging: Staging,
  afresh: boolean,
): Promise<Manifest> {
  const { counts, maxBytes, connections, signal } = staging
  const { files } = layers
  counts.bytesTotal = bytesOf(layers)
  let written = 0
  const snapshot = await openSnapshot(volume, identity, {
    connections,
    afresh,
    onBytes(bytes) {
      written += bytes
      checkWritten(written, maxBytes)
    },
  })
  try {
    await checkRoomFor(counts.bytesTotal, volume, snapshot, maxBytes)
    const folder = await unpackAll(snapshot, layers, { identity, staging, afresh })
    const onFile = () => {
      counts.files += 1
    }
    await snapshot.putAll(files, { onFile, signal })
    return await snapshot.complete({ identity, revision, folder })
  } finally {
    await snapshot.close()
  }
}

/**
 * Where images that carry a model have it, by the convention of KServe's modelcars; else they have it
 * anywhere.
 */
const USUAL_PATHS = ['/models', '/']

/** Unpacks all archives. Returns the folder that becomes the snapshot, if it is not all of them. */
async function unpackAll(
  snapshot: Snapshot,
  { packed, image }: Layers,
  given: Given,
): Promise<string | undefined> {
  if (image === undefined) {
    const planting = plantingOf(snapshot, given.staging)
    for (const layer of packed) {
      const identity = layer.file.identity ?? given.identity
      await unpackLayer(layer, given, entries => plant({ ...planting, identity }, entries))
    }
    return undefined
  }
  for (const path of image.path === undefined ? USUAL_PATHS : [image.path]) {
    const folder = await unpackImage(snapshot, { packed, path }, given).catch((error: unknown) => {
      throw path === '/' ? withAdvice(error) : error
    })
    if (folder !== undefined) return folder
  }
  throw nothingAt(image.path)
}

async function unpackImage(
  snapshot: Snapshot,
  { packed, path }: { packed: readonly PackedFiles[]; path: string },
  given: Given,
): Promise<string | undefined> {
  const { identity, staging } = given
  const planting = plantingOf(snapshot, staging)
  const image = createImage({ ...planting, identity, path, forget: snapshot.forget })
  staging.counts.bytes = 0
  for (const layer of packed) await unpackLayer(layer, given, image.takeLayer)
  return image.finish()
}

/** A base image has what no snapshot can have, and nobody wants that. */
function withAdvice(error: unknown): unknown {
  const isOfEntry = error instanceof HydrationError && !(error instanceof DamagedArchive)
  if (!isOfEntry || !['ArchiveInvalid', 'FileNameInvalid'].includes(error.reason)) return error
  const fix = 'if this is not part of the model, set spec.artifact.source.oci.path to the folder that is'
  const { reason, message, file } = error
  return new HydrationError(reason, `${message}; ${fix}`, file === undefined ? {} : { file })
}

function nothingAt(path: string | undefined): HydrationError {
  const what = path === undefined ? 'no files' : `nothing at ${quote(path)}; correct path`
  return new HydrationError('SourceNotFound', `the image has ${what}`)
}

function bytesOf({ files, packed }: Layers): number {
  return [...files, ...packed.map(({ file }) => file)].reduce((sum, { size = 0 }) => sum + size, 0)
}

interface Given {
  identity: string
  staging: Staging
  afresh: boolean
}

async function unpackLayer(
  { file, compression }: PackedFiles,
  { staging, afresh }: Given,
  take: (entries: AsyncIterable<ArchiveEntry>) => Promise<void>,
): Promise<void> {
  const { counts, connections, signal } = staging
  const layer = {
    archive: archiveAtSource(file, { connections, fresh: afresh, signal }),
    format: { kind: 'tar', ...(compression && { compression }) } as const,
    checksum: checksumOf(file),
    onBytes(bytes: number) {
      counts.bytes += bytes
    },
  }
  await unpack(layer, take)
}
