import type { Option } from './options.ts'

/** What a role of the one binary does. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string
  /** For completion in a shell. */
  readonly options: Readonly<Record<string, Option>>
  /** What its arguments without a name are, for completion too. */
  readonly operands?: 'modelcaches' | 'targets' | 'shells'
  /** Runs until the work is done or a signal stops it. Resolves to the exit code. */
  run(argv: string[]): Promise<number>
}
