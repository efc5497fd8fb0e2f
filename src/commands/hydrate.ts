import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { artifactSource } from '../admission/modelcache/artifact-source.ts'
import { notImplemented } from '../admission/modelcache/not-implemented.ts'
import { sourceInvalid } from '../admission/modelcache/source-invalid.ts'
import { MAX_CONNECTIONS } from '../api/hydration.ts'
import { SOURCE_CA_VARIABLE, textOf } from '../api/hydration-env.ts'
import { EXIT } from '../api/hydration-report.ts'
import type { ModelCache } from '../api/modelcache.ts'
import { sourceLine } from '../api/source-line.ts'
import { awaitingInputs } from '../hydrate/await-inputs.ts'
import { dryRun } from '../hydrate/dry-run.ts'
import { HydrationError } from '../hydrate/failure.ts'
import { createHttp } from '../hydrate/fetch/http.ts'
import { CONNECTIONS, hydrate as write } from '../hydrate/hydrate.ts'
import { measure } from '../hydrate/measure.ts'
import { newCounts } from '../hydrate/progress.ts'
import { isServiceAccountToken } from '../hydrate/service-account-token.ts'
import type { SourceContext } from '../hydrate/sources/source.ts'
import { EMPTY_CLUSTER } from '../review/input-view.ts'
import type { Command } from './command.ts'
import { originOf, readModelCache } from './modelcache-manifest.ts'
import { describeOptions, flag, type Option, parseOptions, UsageError } from './options.ts'
import { reportedRun } from './reported-run.ts'

const OPTIONS = {
  filename: {
    schema: z.string().min(1).optional(),
    value: 'FILE|-',
    short: 'f',
    help: 'manifest of the ModelCache, or - for standard input; default: variables MODELCACHE_MANIFEST_0, _1, ...',
  },
  into: {
    schema: z.string().min(1).optional(),
    value: 'DIR',
    help: 'the volume, or any folder; the snapshot is written below snapshots/',
  },
  'claim-uid': {
    schema: z.string().min(1).max(253).optional(),
    value: 'UID',
    help: 'UID of the PersistentVolumeClaim that DIR belongs to: files that an earlier run wrote for the same claim are not hashed again; default: they are',
  },
  connections: {
    schema: z
      .string()
      .regex(/^\d{1,3}$/, 'must be a whole number')
      .transform(Number)
      .pipe(z.number().min(1).max(MAX_CONNECTIONS))
      .default(CONNECTIONS),
    value: 'N',
    help: `how many parts of files to fetch at a time, 1 to ${MAX_CONNECTIONS}; default ${CONNECTIONS}`,
  },
  'max-bytes': {
    schema: z
      .string()
      .regex(/^[1-9]\d{0,15}$/, 'must be a number of bytes')
      .transform(Number)
      .optional(),
    value: 'BYTES',
    help: 'most bytes to write, an archive and its files included; default: as many as DIR has room for',
  },
  rehash: {
    schema: flag,
    help: 'hash also what an earlier run wrote for the same claim, and fetch again what differs',
  },
  measure: {
    schema: flag,
    help: 'write nothing, and print how much a volume must hold: {"bytes","files","revision"}',
  },
  'dry-run': {
    schema: flag,
    help: 'fetch nothing, and print what would be fetched, and what would be left out and why',
  },
  secrets: {
    schema: z.string().min(1).optional(),
    value: 'DIR',
    help: 'folder with the Secrets of sources: a folder for each Secret with a file for each key',
  },
  'config-maps': {
    schema: z.string().min(1).optional(),
    value: 'DIR',
    help: 'folder with the ConfigMaps of sources: a folder for each ConfigMap with a file for each key',
  },
  'await-inputs': {
    schema: flag,
    help: 'if the Secret or the ConfigMap of the source is missing, or the source rejects it, wait until it changes, and try again',
  },
  claims: {
    schema: z.string().min(1).optional(),
    value: 'DIR',
    help: 'folder with the claims of sources: a folder for each PersistentVolumeClaim',
  },
  'hugging-face-endpoint': {
    schema: z.url({ protocol: /^https?$/ }).default(process.env.HF_ENDPOINT || 'https://huggingface.co'),
    value: 'URL',
    help: 'Hugging Face hub for sources without endpoint; default: HF_ENDPOINT, or https://huggingface.co',
  },
  report: {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'file that also gets the last line of the output',
  },
} satisfies Record<string, Option>

const HELP = `Usage: modelcache hydrate -f FILE|- (--into DIR | --measure | --dry-run) [options]

Writes the artifact of a ModelCache into a folder, as a snapshot named by its digest. An interrupted run continues where it
stopped, and a complete snapshot is not fetched again. No cluster is needed.

${describeOptions(OPTIONS)}

The last line of the output is a report: {"digest","revision","path","bytes","files","seconds"}, or why there is none:
{"reason","message","source","file"}. docs/status-reasons.md explains the reasons.

Exit codes: 0 done, 1 failed for good, 2 wrong usage, 75 failed and may succeed later.
`

/** The role that writes a snapshot: in a Job onto a volume, or by hand into any folder. */
export const hydrate: Command = {
  help: HELP,
  options: OPTIONS,

  async run(argv) {
    const options = parseOptions(OPTIONS, argv)
    if (options === undefined) {
      process.stdout.write(HELP)
      return EXIT.done
    }
    const { into } = options
    const ways = [into !== undefined, options.measure, options['dry-run']].filter(Boolean)
    if (ways.length !== 1) throw new UsageError('give one of --into DIR, --measure and --dry-run')
    const { spec } = await readChecked(options.filename)
    const { source } = spec.artifact
    if (source === undefined) throw new UsageError('the ModelCache has no source; set spec.artifact.source')

    const counts = newCounts()
    const run = {
      counts,
      file: options.report,
      source: sourceLine(spec),
      interrupted: 'the snapshot was complete; the next run continues from here',
    }
    const folders = options['await-inputs']
      ? [options.secrets, options['config-maps']].filter(folder => folder !== undefined)
      : []
    return reportedRun(run, signal => {
      const context: SourceContext = {
        source,
        secret: ref => readSecret(options.secrets, ref),
        secretKey: (name, keys) => readSecretKey(options.secrets, name, keys),
        huggingFaceEndpoint: options['hugging-face-endpoint'],
        http: createHttp({ ca: textOf(SOURCE_CA_VARIABLE, process.env) }),
        configMap: name => join(options['config-maps'] ?? '', name),
        claim: name => join(options.claims ?? '', name),
        signal,
      }
      if (options['dry-run']) return dryRun(context, line => console.log(line))
      const work = (): Promise<object> =>
        into === undefined
          ? measure(context)
          : write({
              ...context,
              into,
              claimUID: options['claim-uid'],
              rehash: options.rehash,
              maxBytes: options['max-bytes'],
              connections: options.connections,
              scratch: spec.mount.scratch,
              counts: Object.assign(counts, newCounts()),
            })
      return awaitingInputs(work, { folders, signal })
    })
  },
}

/** The ModelCache, whose source is checked as the webhooks do. */
async function readChecked(file: string | undefined): Promise<ModelCache> {
  const { cache, namespace } = await readModelCache(file)
  const change = { namespace, cache, old: undefined }
  const policy = { unknownProvisioner: 'Warn', jobControllers: [], controllerUser: '' } as const
  const findings = [notImplemented, artifactSource, sourceInvalid].flatMap(rule =>
    rule(change, EMPTY_CLUSTER, policy),
  )
  const [finding] = findings
  if (finding !== undefined)
    throw new UsageError(`${originOf(file)}: ${finding.violation.reason}: ${finding.violation.text}`)
  return cache
}

/**
 * The first of these keys that a Secret has; undefined if it has none of them.
 *
 * @throws HydrationError SecretNotAllowed for the token of a ServiceAccount.
 */
async function readSecretKey(
  folder: string | undefined,
  name: string,
  keys: readonly string[],
): Promise<string | undefined> {
  if (folder === undefined) return undefined
  for (const key of keys) {
    const secret = (await readFile(join(folder, name, key), 'utf8').catch(() => '')).trim()
    if (isServiceAccountToken(secret)) {
      const message = `key ${key} of Secret ${name} holds the token of a ServiceAccount of this cluster, which no other host may get; use a token of the source`
      throw new HydrationError('SecretNotAllowed', message)
    }
    if (secret !== '') return secret
  }
  return undefined
}

async function readSecret(
  folder: string | undefined,
  ref: { name: string; key: string } | undefined,
): Promise<string | undefined> {
  if (ref === undefined) return undefined
  const secret = await readSecretKey(folder, ref.name, [ref.key])
  if (secret !== undefined) return secret
  const looked =
    folder === undefined ? '--secrets is not given' : `looked for ${join(folder, ref.name, ref.key)}`
  const message = `Secret ${ref.name} with key ${ref.key} does not exist or is empty (${looked}); create it in the namespace of the ModelCache: kubectl create secret generic ${ref.name} --from-literal=${ref.key}=TOKEN`
  throw new HydrationError('SecretNotFound', message)
}
