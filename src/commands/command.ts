/** A role of the one binary. */
export interface Command {
  /** One line for `modelcache --help`. */
  summary: string
  /** Runs until its work is done or it is told to stop; resolves to the exit code. */
  run(argv: string[]): Promise<number>
}
