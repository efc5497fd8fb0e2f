import { type ParseArgsConfig, parseArgs } from 'node:util'
import { z } from 'zod'
import { objectName } from '../api/schema/object-name.ts'
import { errorMessage, quote } from '../api/schema/text.ts'
import { logLevel } from '../process/log-level.ts'

/** One command-line option: its check, the name of its value in the help, and its meaning. */
export interface Option {
  schema: z.ZodType
  /** A flag has no value. Its schema gets true when the flag is given. */
  value?: string
  /** One letter: `f` for `-f`. */
  short?: string
  /**
   * The option may be repeated, and the schema gets all values in an array. Otherwise the last one counts.
   */
  repeatable?: true
  help: string
}

/** Thrown if a command line is wrong. The message is for the user, and the exit code is 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

type Values<O extends Record<string, Option>> = { [K in keyof O]: z.output<O[K]['schema']> }

/**
 * Parses `--name value`, `-n value` and `--flag` options. Returns undefined if help was asked for.
 * @throws UsageError if a value is wrong.
 */
export function parseOptions<O extends Record<string, Option>>(
  options: O,
  argv: string[],
): Values<O> | undefined {
  return parseCommand(options, argv, { operands: 0 })?.options
}

/** The same for a role that also takes arguments without a name, at most as many as `operands`. */
export function parseCommand<O extends Record<string, Option>>(
  options: O,
  argv: string[],
  { operands: most }: { operands: number },
): { options: Values<O>; operands: readonly string[] } | undefined {
  const known = Object.fromEntries(
    Object.entries(options).map(([name, { value, short, repeatable }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: repeatable ?? false,
        ...(short !== undefined && { short }),
      },
    ]),
  )
  const { values, positionals: operands } = tryParse(argv, known, most > 0)
  if (values.help === true) return undefined
  const another = operands[most]
  if (another !== undefined) throw new UsageError(`unexpected argument ${quote(another)}`)
  const schema = z.object(
    Object.fromEntries(Object.entries(options).map(([name, option]) => [name, option.schema])),
  )
  const parsed = schema.safeParse(values)
  if (parsed.success) return { options: parsed.data as Values<O>, operands }
  const problems = parsed.error.issues.map(issue => `--${issue.path.join('.')}: ${issue.message}`)
  throw new UsageError(problems.join('\n'))
}

function tryParse(argv: string[], known: NonNullable<ParseArgsConfig['options']>, allowPositionals: boolean) {
  try {
    return parseArgs({
      args: argv,
      options: { ...known, help: { type: 'boolean', short: 'h' } },
      strict: true,
      allowPositionals,
    })
  } catch (error) {
    throw new UsageError(errorMessage(error))
  }
}

/** The option lines of a `--help` page. */
export function describeOptions(options: Record<string, Option>): string {
  // If some options have a letter, the names of the others are aligned below theirs.
  const room = Object.values(options).some(({ short }) => short !== undefined) ? '    ' : ''
  const rows = Object.entries(options).map(([name, { value, short, help }]) => {
    const letter = short === undefined ? room : `-${short}, `
    return [`${letter}--${name}${value === undefined ? '' : ` ${value}`}`, help] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`).join('\n')
}

/**
 * A whole number in decimal digits. `Number('')` would be 0, and an empty variable must not become a port.
 */
const digits = z
  .string()
  .regex(/^\d{1,6}$/, 'must be a whole number')
  .transform(Number)

export const port = digits.pipe(z.number().max(65_535))
/** Names separated by commas, at least one. */
export const names = z
  .string()
  .transform(list => list.split(',').map(name => name.trim()))
  .pipe(z.array(z.string().min(1, 'has an empty name')))
export const seconds = digits.pipe(z.number().max(300))
export const lineCount = digits.pipe(z.number().min(1).max(100_000))
export const milliseconds = digits.pipe(z.number().max(60_000))
/** Each process uses one core, so nobody needs more of them than a machine has cores. */
export const workerCount = digits.pipe(z.number().min(1).max(64))

const UNIT_MS = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** A duration such as `90s`, `10m`, `12h` or `7d`, in milliseconds. */
export const duration = z
  .string()
  .regex(/^\d{1,6}[smhd]$/, 'must be a number with unit s, m, h or d, such as 90s or 7d')
  .transform(text => Number(text.slice(0, -1)) * (UNIT_MS.get(text.slice(-1)) ?? 0))

export const flag = z.boolean().default(false)

/** Options that every role has. */
export const commonOptions = {
  kubeconfig: {
    schema: z.string().optional(),
    value: 'FILE',
    help: 'kubeconfig to use; default: KUBECONFIG, or the service account of the pod',
  },
  host: {
    schema: z.string().default('0.0.0.0'),
    value: 'ADDRESS',
    help: 'address to listen on; default 0.0.0.0',
  },
  'health-port': {
    schema: port.default(8080),
    value: 'PORT',
    help: 'plain http port for /healthz, /readyz and /metrics; default 8080',
  },
  'log-level': {
    schema: logLevel.default('info'),
    value: 'LEVEL',
    help: 'trace, debug, info (default), warn, error or fatal',
  },
  'log-level-file': {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'file with the name of a level, read every 10 s; --log-level applies while it is missing or empty',
  },
} satisfies Record<string, Option>

/** Choices of an administrator that affect ModelCaches, for each role that runs those rules. */
export const policyOptions = {
  'hydration-metadata': {
    schema: names.default([]),
    value: 'KEY,…',
    help: 'labels and annotations that hydration pods may have in addition to the usual ones; a key, or a prefix such as example.com/*',
  },
  'unknown-provisioner': {
    schema: z.enum(['Deny', 'Warn']).default('Deny'),
    value: 'Deny|Warn',
    help: 'what to do if nobody knows whether a StorageClass supports ReadWriteMany; default Deny',
  },
  'cluster-name': {
    schema: objectName.optional(),
    value: 'NAME',
    help: 'name of the InferenceCluster that stands for this cluster; default: the one of source Local, or the only one that names no other cluster',
  },
} satisfies Record<string, Option>
