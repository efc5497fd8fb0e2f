/** The bytes of one body that have arrived so far. */
export interface BodyAccount {
  /** The address of the sender. */
  readonly peer: string
  bytes: number
  /** Whether more may arrive. Bytes that are already here stay. */
  open: boolean
  /** Drops the bytes, and tells the sender to try again. */
  cut(): void
}

/**
 * Bounds the bytes of bodies that we hold at a time, by what has arrived and not by what was announced. If
 * there is no more room, the peer that holds the most loses its largest body, so a peer that sends many
 * bodies cannot take the share of others.
 */
export function createBodyBudget(total: number) {
  const accounts = new Set<BodyAccount>()
  let held = 0

  const forget = (account: BodyAccount): void => {
    if (accounts.delete(account)) held -= account.bytes
  }
  return {
    /** Counts the present bytes of a body. Returns false if this body had to go. */
    hold(account: BodyAccount, bytes: number): boolean {
      forget(account)
      account.bytes = bytes
      accounts.add(account)
      held += bytes
      while (held > total) {
        const largest = largestOfGreediest(accounts) ?? account
        forget(largest)
        largest.cut()
        if (largest === account) return false
      }
      return true
    },
    release: forget,
  }
}

function largestOfGreediest(accounts: Iterable<BodyAccount>): BodyAccount | undefined {
  const peers = new Map<string, { bytes: number; largest?: BodyAccount }>()
  for (const account of accounts) {
    const peer = peers.get(account.peer) ?? { bytes: 0 }
    peer.bytes += account.bytes
    if (account.open && account.bytes > (peer.largest?.bytes ?? 0)) peer.largest = account
    peers.set(account.peer, peer)
  }
  const candidates = [...peers.values()].filter(({ largest }) => largest !== undefined)
  return candidates.toSorted((one, other) => other.bytes - one.bytes)[0]?.largest
}
