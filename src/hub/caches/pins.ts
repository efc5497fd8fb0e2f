import type { ModelCache } from '../../api/modelcache.ts'
import { REFETCH } from '../../api/names.ts'
import { canMove } from '../../api/pinned-revision.ts'
import type { Revision } from './copy.ts'

/** A cluster that a ModelCache goes to, as far as the choice of a revision needs it. */
export interface Candidate {
  readonly cluster: string
  /** It is the hub's own, where the ModelCache is the one of its author. */
  readonly isOwn: boolean
  /** It does not answer, or has failed. */
  readonly isStuck: boolean
  /** The hub has just started, and does not know its copy yet. */
  readonly isUnheard: boolean
  /** The revision that the hub has chosen for its copy. */
  readonly pin: string | undefined
  /** What it has found by itself or staged. */
  readonly revision: Revision | undefined
}

/** The revision that a cluster is to stage: its own find, a given one, or none yet. */
export type Choice =
  | { readonly pin: string | undefined }
  /** It waits for what this cluster finds. */
  | { readonly waitsFor: string }

/**
 * The revision for one of the clusters of a ModelCache. A branch or tag is resolved once, by the first
 * cluster that can, and the others stage the same commit or digest. The ModelCache asks for a new look by its
 * refetch annotation; the clusters go on with what they have until the first one has looked.
 *
 * The hub itself asks no source: its network is not that of the author, and it has no Secrets.
 */
export function choiceFor(cache: ModelCache, candidates: readonly Candidate[], cluster: string): Choice {
  const own = candidates.find(each => each.cluster === cluster)
  if (!canMove(cache) || candidates.length < 2 || own === undefined) return { pin: undefined }
  // Until all are known, nobody can tell who has found what.
  const unheard = candidates.find(({ isUnheard }) => isUnheard)
  if (unheard !== undefined) return { waitsFor: unheard.cluster }
  const round = cache.metadata.annotations?.[REFETCH]
  const isFound = ({ revision }: Candidate) =>
    revision !== undefined && (round === undefined || revision.refetch === round)
  const leader =
    candidates.find(({ isOwn }) => isOwn) ??
    candidates.find(each => each.pin === undefined && isFound(each)) ??
    candidates.find(
      ({ pin, isStuck, revision }) => pin === undefined && !isStuck && revision !== undefined,
    ) ??
    candidates.find(({ isStuck }) => !isStuck) ??
    own
  if (leader.cluster === cluster) return { pin: undefined }
  if (!isFound(leader)) return { waitsFor: leader.cluster }
  const found = leader.revision?.name
  // It has found the same, and a pin would only start its Job again.
  if (own.pin === undefined && isFound(own) && own.revision?.name === found) return { pin: undefined }
  return { pin: found }
}
