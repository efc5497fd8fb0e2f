import { z } from 'zod'
import { EXIT } from '../api/hydration-report.ts'
import { SHA256_DIGEST } from '../api/schema/digest.ts'
import { printable, quote } from '../api/schema/text.ts'
import { sizeText } from '../api/size-text.ts'
import { newCounts } from '../hydrate/progress.ts'
import { type Checked, verify as check } from '../hydrate/verify.ts'
import type { Command } from './command.ts'
import { originOf, readModelCache } from './modelcache-manifest.ts'
import { describeOptions, type Option, parseCommand, UsageError } from './options.ts'
import { reportedRun } from './reported-run.ts'

const OPTIONS = {
  filename: {
    schema: z.string().min(1).optional(),
    value: 'FILE|-',
    short: 'f',
    help: 'ModelCache with its status, or - for standard input: its snapshot must have the digest of the status; default of DIR: spec.mount.path',
  },
  digest: {
    schema: z.string().regex(SHA256_DIGEST, 'must be sha256: and 64 hexadecimal digits').optional(),
    value: 'DIGEST',
    help: 'digest that the snapshot must have; default: the one in the name of its folder',
  },
  report: {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'file that also gets the last line of the output',
  },
} satisfies Record<string, Option>

const HELP = `Usage: modelcache verify DIR [options]
       kubectl get modelcache NAME -o yaml | modelcache verify -f - [DIR]

Reads every byte of snapshots, and says which files differ from what was staged. DIR is a volume with all its snapshots,
or the folder of one, as pods see it. Nothing is written, and no cluster is needed.

${describeOptions(OPTIONS)}

The last line of the output is a report: {"snapshots","digest","files","bytes","seconds"}, or what is wrong:
{"reason","message"}. docs/status-reasons.md explains the reasons.

Exit codes: 0 all is as it was staged, 1 it is not, or it cannot be read, 2 wrong usage.
`

/** The role that hashes what was staged. */
export const verify: Command = {
  help: HELP,
  options: OPTIONS,

  async run(argv) {
    const given = parseCommand(OPTIONS, argv, { operands: 1 })
    if (given === undefined) {
      process.stdout.write(HELP)
      return EXIT.done
    }
    const { options } = given
    const { folder, digest } = await wanted(given.operands[0], options)
    const counts = newCounts()
    const run = { counts, file: options.report, interrupted: 'every file was read' }
    return reportedRun(run, signal => check({ folder, digest, counts, onSnapshot: show, signal }))
  },
}

async function wanted(
  operand: string | undefined,
  { filename, digest }: { filename?: string | undefined; digest?: string | undefined },
): Promise<{ folder: string; digest: string | undefined }> {
  if (filename === undefined) {
    if (operand === undefined)
      throw new UsageError('give the folder of a volume or of a snapshot, or -f FILE')
    return { folder: operand, digest }
  }
  const { cache } = await readModelCache(filename)
  const staged = digest ?? cache.status?.resolvedDigest
  if (staged === undefined)
    throw new UsageError(
      `${originOf(filename)}: the ModelCache has no status.resolvedDigest; get it from the cluster: kubectl get modelcache NAME -o yaml`,
    )
  return { folder: operand ?? cache.spec.mount.path, digest: staged }
}

/** Names every file, while the report at the end names only some. */
function show({ digest, files, bytes, differences }: Checked): void {
  const verdict = differences.length === 0 ? 'is what was staged' : 'DIFFERS from what was staged'
  process.stdout.write(`${digest} ${verdict}: ${files} files of ${sizeText(bytes)}\n`)
  for (const { path, problem } of differences)
    process.stdout.write(`  ${path === '' ? 'some file' : printable(quote(path))}: ${problem}\n`)
}
