import { z } from 'zod'
import { EXIT } from '../api/hydration-report.ts'
import { SHA256_DIGEST } from '../api/schema/digest.ts'
import { listed } from '../api/schema/text.ts'
import { sizeText } from '../api/size-text.ts'
import { newCounts } from '../hydrate/progress.ts'
import { prune as remove } from '../hydrate/prune.ts'
import type { Command } from './command.ts'
import { describeOptions, type Option, parseCommand, UsageError } from './options.ts'
import { reportedRun } from './reported-run.ts'

const OPTIONS = {
  digests: {
    schema: z
      .string()
      .transform(listed)
      .pipe(z.array(z.string().regex(SHA256_DIGEST, 'must be sha256: and 64 hexadecimal digits')).max(64)),
    value: 'DIGEST,DIGEST',
    help: 'the snapshots to remove; required',
  },
  report: {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'file that also gets the last line of the output',
  },
} satisfies Record<string, Option>

const HELP = `Usage: modelcache prune DIR --digests DIGEST,DIGEST [options]

Removes snapshots from a volume. DIR is the volume with all its snapshots. Pods that mount one of them lose its files, so
in a cluster leave this to the controller, which first makes sure that no pod does. A snapshot that is not there is no
error.

${describeOptions(OPTIONS)}

The last line of the output is a report: {"snapshots","files","bytes","seconds"}, or why there is none:
{"reason","message"}. docs/status-reasons.md explains the reasons.

Exit codes: 0 done, 1 failed for good, 2 wrong usage, 75 failed and may succeed later.
`

/** The role that removes old snapshots. */
export const prune: Command = {
  help: HELP,
  options: OPTIONS,

  async run(argv) {
    const given = parseCommand(OPTIONS, argv, { operands: 1 })
    if (given === undefined) {
      process.stdout.write(HELP)
      return EXIT.done
    }
    const [folder] = given.operands
    if (folder === undefined) throw new UsageError('give the folder of a volume')
    const { digests, report } = given.options
    const run = { counts: newCounts(), file: report, interrupted: 'every snapshot was removed' }
    return reportedRun(run, signal => remove({ folder, digests, onRemoved: show, signal }))
  },
}

function show(digest: string, bytes: number): void {
  process.stdout.write(`${digest} is removed: ${sizeText(bytes)}\n`)
}
