/** A cluster that a ModelDeployment may serve in, or has served in. */
export interface Candidate {
  readonly cluster: string
  /** Its share so far. */
  readonly share: number
  readonly state: CandidateState
  /** How many instances of its share serve, as far as it was heard of. */
  readonly serving: number
}

export type CandidateState =
  /** It can serve. */
  | 'open'
  /** It is to serve, and cannot: a cache is not Ready there. */
  | 'unready'
  /** Nobody knows, so it keeps its share. */
  | 'silent'
  /** It has been silent for too long: its instances go on, and others serve in their place. */
  | 'lost'
  /** It is no longer to serve. */
  | 'left'

/**
 * Splits replicas over clusters, by the names of the clusters: evenly over those that are open, and of all
 * even splits the one that moves the fewest. Shares of silent clusters stay, and only the rest is split.
 * Those of lost clusters stay, too, because nobody can change them, but others serve as if they did not.
 */
export function evenShares(replicas: number, candidates: readonly Candidate[]): Map<string, number> {
  const shares = new Map(candidates.map(({ cluster, state, share }) => [cluster, isKept(state) ? share : 0]))
  const open = candidates.filter(({ state }) => state === 'open')
  const silent = candidates.filter(({ state }) => state === 'silent')
  const rest = silent.reduce((left, { share }) => left - share, replicas)
  const base = Math.floor(Math.max(0, rest) / open.length)
  let odd = Math.max(0, rest) - base * open.length
  // Whoever has more than the others already keeps it. Equals are in the order of their names.
  for (const { cluster } of open.toSorted(byShare)) shares.set(cluster, odd-- > 0 ? base + 1 : base)
  return shares
}

function isKept(state: CandidateState): boolean {
  return state === 'silent' || state === 'lost'
}

function byShare(one: Candidate, other: Candidate): number {
  return other.share - one.share || (one.cluster < other.cluster ? -1 : 1)
}

/**
 * The shares to set now on the way to those that are wanted: a cluster gives up instances that serve only
 * once as many serve elsewhere. If no cluster could take them, those that are no longer to serve end at once.
 */
export function nextShares(
  replicas: number,
  candidates: readonly Candidate[],
  wanted: ReadonlyMap<string, number>,
): Map<string, number> {
  const shares = new Map(wanted)
  const of = (cluster: string) => wanted.get(cluster) ?? 0
  const known = candidates.filter(({ state }) => state !== 'lost')
  const isTaken = candidates.some(({ state }) => state === 'open')
  let missing = known.reduce((rest, { cluster, serving }) => rest - Math.min(serving, of(cluster)), replicas)
  for (const { cluster, share, serving, state } of known) {
    if (state === 'left' && !isTaken) continue
    const spare = Math.min(share, serving) - of(cluster)
    const held = Math.max(0, Math.min(spare, missing))
    shares.set(cluster, of(cluster) + held)
    missing -= held
  }
  return shares
}
