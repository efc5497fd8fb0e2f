/** Where processes of a test bed run, and how this machine's own processes reach them. */
export interface Host {
  /** The words before a command that runs there. */
  readonly enter: readonly string[]
  /** The address under which nodes and pods find it. */
  readonly address: string
  /** Opens a port on 127.0.0.1 of this machine that leads to that port of 127.0.0.1 there. */
  expose(port: number): Promise<number>
}

/** Loopback alone: no node can be part of it. */
export const thisMachine: Host = { enter: [], address: '127.0.0.1', expose: async port => port }

/** Whether nodes and pods can reach what runs there. */
export function hasNetwork({ address }: Host): boolean {
  return address !== thisMachine.address
}
