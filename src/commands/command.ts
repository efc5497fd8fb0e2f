/** What a role of the one binary does. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string
  /** Runs until its work is done or it is told to stop; resolves to the exit code. */
  run(argv: string[]): Promise<number>
}
