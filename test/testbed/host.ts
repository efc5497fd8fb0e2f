/** Where processes of a test bed run, and how processes of this machine reach them. */
export interface Host {
  /** The words before a command that runs there. */
  readonly enter: readonly string[]
  /** The address where nodes and pods reach it. */
  readonly address: string
  /** Opens a port on 127.0.0.1 of this machine that leads to the same port on 127.0.0.1 there. */
  expose(port: number): Promise<number>
}

/** Only loopback, so it cannot have a node. */
export const thisMachine: Host = { enter: [], address: '127.0.0.1', expose: async port => port }

/** Whether nodes and pods can reach what runs there. */
export function hasNetwork({ address }: Host): boolean {
  return address !== thisMachine.address
}
