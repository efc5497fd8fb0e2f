/** What a role of the one binary does. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string
  /** Runs until the work is done or a signal stops it. Resolves to the exit code. */
  run(argv: string[]): Promise<number>
}
