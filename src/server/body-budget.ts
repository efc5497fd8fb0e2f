/** The bytes of one body that have come so far. */
export interface BodyAccount {
  /** Whose they are: the address that sends them. */
  readonly peer: string
  bytes: number
  /** Whether more may come; what is there already is not taken back. */
  open: boolean
  /** Lets go of the bytes, and tells the sender to come again. */
  cut(): void
}

/**
 * Bounds the bytes of bodies that are held at a time, by what has come and not by what was announced. Where there is
 * no more room, the peer that holds the most loses its largest body: however many bodies one sends, others keep their
 * share.
 */
export function createBodyBudget(total: number) {
  const accounts = new Set<BodyAccount>()
  let held = 0

  const forget = (account: BodyAccount): void => {
    if (accounts.delete(account)) held -= account.bytes
  }
  return {
    /** Counts the bytes of a body as they are now. False: it is this one that had to go. */
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
