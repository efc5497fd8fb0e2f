import { archiveAtSource } from './archive/archive-file.ts'
import { createImage, type Image } from './archive/image.ts'
import { plant } from './archive/plant.ts'
import { unpack } from './archive/unpack.ts'
import type { Listing, PackedFiles, Resolved } from './sources/source.ts'
import type { Manifest } from './volume/manifest.ts'
import { checkRoomFor, checkWritten } from './volume/space.ts'
import type { Volume } from './volume/volume.ts'
import { openSnapshot, type Snapshot } from './volume/work.ts'
import { checksumOf, onceMore, type Staging } from './write-archive.ts'

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
    await snapshot.putAll(files, { connections, onFile, signal })
    return await snapshot.complete({ identity, revision, folder })
  } finally {
    await snapshot.close()
  }
}

/**
 * Returns the folder that the snapshot is made of. What is known of the image may go then: it takes memory.
 */
async function unpackAll(
  snapshot: Snapshot,
  { packed, image }: Layers,
  { identity, ...given }: { identity: string; staging: Staging; afresh: boolean },
): Promise<string | undefined> {
  const planting = plantingOf(snapshot, given.staging)
  const whole = image && createImage({ ...planting, identity, ...image, forget: snapshot.forget })
  for (const layer of packed) await unpackLayer(layer, { ...given, planting, whole })
  return whole?.finish()
}

function bytesOf({ files, packed }: Layers): number {
  return [...files, ...packed.map(({ file }) => file)].reduce((sum, { size = 0 }) => sum + size, 0)
}

type Putting = ReturnType<typeof plantingOf>

function plantingOf(snapshot: Snapshot, { counts, signal }: Staging) {
  return {
    contentOf: snapshot.contentOf,
    async put(file: Layers['files'][number]) {
      signal.throwIfAborted()
      await snapshot.put(file, signal, { replaces: true })
      counts.files += 1
    },
  }
}

interface Unpacking {
  planting: Putting
  whole: Image | undefined
  staging: Staging
  afresh: boolean
}

async function unpackLayer({ file, compression }: PackedFiles, unpacking: Unpacking): Promise<void> {
  const { planting, whole, staging, afresh } = unpacking
  const { counts, connections, signal } = staging
  const identity = file.identity
  if (identity === undefined) throw new Error('a layer has no digest')
  const layer = {
    archive: archiveAtSource(file, { connections, fresh: afresh, signal }),
    format: { kind: 'tar', ...(compression && { compression }) } as const,
    checksum: checksumOf(file),
    onBytes(bytes: number) {
      counts.bytes += bytes
    },
  }
  await unpack(layer, entries =>
    whole === undefined ? plant({ ...planting, identity }, entries) : whole.takeLayer(entries),
  )
}
