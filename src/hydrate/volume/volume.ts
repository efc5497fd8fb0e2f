import { type Layout, layoutOf } from './layout.ts'
import { onVolume } from './on-volume.ts'
import { type OwnerTiming, ownVolume } from './owner.ts'
import { type Abilities, makeOwnFolder, probe } from './probe.ts'

/** A volume to which only this process writes. */
export interface Volume extends Abilities {
  readonly layout: Layout
  /**
   * The UID of its claim, if we know it. We believe what was written for the same claim, and hash anything
   * else that we find: a volume may have had a life before its claim.
   */
  readonly claimUID?: string | undefined
  /** Hash also what was written for the same claim. */
  readonly rehash?: boolean | undefined
  /** Rejects if another process has taken over, see Owner. */
  confirm(): Promise<void>
}

export interface OpenOptions {
  claimUID?: string | undefined
  rehash?: boolean | undefined
  signal: AbortSignal
  timing?: OwnerTiming | undefined
}

/**
 * Becomes the owner of a volume, and tries everything that a snapshot needs from it.
 *
 * @throws HydrationError VolumeBusy, VolumeNotWritable, NoSpace, or VolumeUnsupported.
 */
export async function openVolume(
  folder: string,
  { claimUID, rehash, signal, timing }: OpenOptions,
): Promise<Volume & { close(): Promise<void> }> {
  const layout = layoutOf(folder)
  await makeOwnFolder(layout)
  const abilities = await probe(layout)
  const owner = await onVolume('becoming its owner', () =>
    ownVolume(layout.own, signal, { timing, writesAnywhere: abilities.writesAnywhere }),
  )
  return { ...abilities, layout, claimUID, rehash, confirm: owner.confirm, close: owner.release }
}
