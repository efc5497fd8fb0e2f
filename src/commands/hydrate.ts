import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { z } from 'zod'
import { artifactSource } from '../admission/modelcache/artifact-source.ts'
import { notImplemented } from '../admission/modelcache/not-implemented.ts'
import { sourceInvalid } from '../admission/modelcache/source-invalid.ts'
import { MANIFEST_VARIABLE, SOURCE_CA_VARIABLE, textOf } from '../api/hydration-env.ts'
import { EXIT, exitCodeOf, type HydrationFailure } from '../api/hydration-report.ts'
import { type ModelCache, modelCache } from '../api/modelcache.ts'
import { firstIssue } from '../api/schema/parse.ts'
import { errorMessage, foreign, printableLines } from '../api/schema/text.ts'
import { sourceLine } from '../api/source-line.ts'
import { HydrationError } from '../hydrate/failure.ts'
import { createHttp } from '../hydrate/fetch/http.ts'
import { hydrate as write } from '../hydrate/hydrate.ts'
import { measure } from '../hydrate/measure.ts'
import { type Counts, newCounts, progressBar, progressLine } from '../hydrate/progress.ts'
import { isServiceAccountToken } from '../hydrate/service-account-token.ts'
import type { SourceContext } from '../hydrate/sources/source.ts'
import { EMPTY_CLUSTER } from '../review/input-view.ts'
import { type Input, readManifests } from '../review/read-manifests.ts'
import type { Command } from './command.ts'
import { readInput } from './manifest-files.ts'
import { describeOptions, flag, type Option, parseOptions, UsageError } from './options.ts'

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
  measure: {
    schema: flag,
    help: 'write nothing, and print how much a volume must hold: {"bytes","files","revision"}',
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

const HELP = `Usage: modelcache hydrate -f FILE|- (--into DIR | --measure) [options]

Writes the artifact of a ModelCache into a folder, as a snapshot named by its digest. An interrupted run continues where it
stopped, and a complete snapshot is not fetched again. No cluster is needed.

${describeOptions(OPTIONS)}

The last line of the output is a report: {"digest","revision","path","bytes","files","seconds"}, or why there is none:
{"reason","message","source","file"}. docs/status-reasons.md explains the reasons.

Exit codes: 0 done, 1 failed for good, 2 wrong usage, 75 failed and may succeed later.
`

/** Fewer lines than would annoy a reader, and more than status needs. */
const LINE_MS = 5_000
const BAR_MS = 200
/** A termination message holds 4 KiB. */
const MAX_SOURCE = 1024
const MAX_MESSAGE = 2048

/** The role that writes a snapshot: in a Job onto a volume, or by hand into any folder. */
export const hydrate: Command = {
  help: HELP,

  async run(argv) {
    const options = parseOptions(OPTIONS, argv)
    if (options === undefined) {
      process.stdout.write(HELP)
      return EXIT.done
    }
    const { into } = options
    if ((into === undefined) !== options.measure) throw new UsageError('give either --into DIR, or --measure')
    const { spec } = await readModelCache(options.filename)
    const { source } = spec.artifact
    if (source === undefined) throw new UsageError('the ModelCache has no source; set spec.artifact.source')

    const stop = new AbortController()
    const interrupt = (name: NodeJS.Signals) => {
      const message = `${name} came before the snapshot was complete; the next run continues from here`
      stop.abort(new HydrationError('Interrupted', message))
    }
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, interrupt)

    const counts = newCounts()
    const stopShowing = showProgress(counts)
    const finish = async (line: object, code: number): Promise<number> => {
      stopShowing()
      const text = `${JSON.stringify(line)}\n`
      process.stdout.write(text)
      if (options.report !== undefined) await writeFile(options.report, text)
      return code
    }
    try {
      const context: SourceContext = {
        source,
        secret: ref => readSecret(options.secrets, ref),
        huggingFaceEndpoint: options['hugging-face-endpoint'],
        http: createHttp({ ca: textOf(SOURCE_CA_VARIABLE, process.env) }),
        configMap: name => join(options['config-maps'] ?? '', name),
        signal: stop.signal,
      }
      const report =
        into === undefined
          ? await measure(context)
          : await write({ ...context, into, claimUID: options['claim-uid'], counts })
      return await finish(report, EXIT.done)
    } catch (error) {
      const failure = stop.signal.aborted ? stop.signal.reason : error
      const known = failure instanceof HydrationError ? failure : undefined
      if (known === undefined) console.error(printableLines(inspect(failure)))
      const told = describe(failure, sourceLine(spec))
      return await finish(told, exitCodeOf(told.reason))
    }
  },
}

/** The one ModelCache in a file. Its source is checked. */
async function readModelCache(file: string | undefined): Promise<ModelCache> {
  const path = file ?? `variables ${MANIFEST_VARIABLE}_*`
  const { manifests, problems } =
    file === undefined ? manifestsOfVariables(path) : await readInput([file], 'default')
  const [problem] = problems
  if (problem !== undefined) throw new UsageError(`${problem.file}: ${problem.message}`)
  const [manifest, another] = manifests.filter(({ kind }) => kind === 'ModelCache')
  if (manifest === undefined) throw new UsageError(`${path}: there is no ModelCache in it`)
  if (another !== undefined) throw new UsageError(`${path}: it has several ModelCaches; give one`)
  const parsed = modelCache.safeParse(manifest.object)
  if (!parsed.success) {
    const { field, message } = firstIssue(parsed.error)
    throw new UsageError(`${path}: not a ModelCache: ${field}: ${message}`)
  }
  const change = { namespace: manifest.namespace, cache: parsed.data, old: undefined }
  const policy = { unknownProvisioner: 'Warn', jobControllers: [], controllerUser: '' } as const
  const findings = [notImplemented, artifactSource, sourceInvalid].flatMap(rule =>
    rule(change, EMPTY_CLUSTER, policy),
  )
  const [finding] = findings
  if (finding !== undefined)
    throw new UsageError(`${path}: ${finding.violation.reason}: ${finding.violation.text}`)
  return parsed.data
}

/** The form in which the controller hands a ModelCache to its Jobs. */
function manifestsOfVariables(name: string): Input {
  const manifest = textOf(MANIFEST_VARIABLE, process.env)
  if (manifest === undefined)
    throw new UsageError('--filename is missing, and there are no variables MODELCACHE_MANIFEST_*')
  return readManifests(name, manifest, 'default')
}

async function readSecret(
  folder: string | undefined,
  ref: { name: string; key: string } | undefined,
): Promise<string | undefined> {
  if (ref === undefined) return undefined
  const path = join(folder ?? '', ref.name, ref.key)
  const text = folder === undefined ? undefined : await readFile(path, 'utf8').catch(() => undefined)
  const secret = text?.trim()
  if (secret && isServiceAccountToken(secret)) {
    const message = `key ${ref.key} of Secret ${ref.name} holds the token of a ServiceAccount of this cluster, which no other host may get; use a token of the source`
    throw new HydrationError('SecretNotAllowed', message)
  }
  if (secret) return secret
  const looked = folder === undefined ? '--secrets is not given' : `looked for ${path}`
  const message = `Secret ${ref.name} with key ${ref.key} does not exist or is empty (${looked}); create it in the namespace of the ModelCache`
  throw new HydrationError('SecretNotFound', message)
}

/** Shows progress: a bar on a terminal, otherwise a line now and then. Returns a function that stops this. */
function showProgress(counts: Counts): () => void {
  const startedAt = performance.now()
  if (!process.stderr.isTTY) {
    const timer = setInterval(() => process.stdout.write(`${progressLine(counts)}\n`), LINE_MS).unref()
    return () => clearInterval(timer)
  }
  const draw = () =>
    process.stderr.write(`\r\x1b[K${progressBar(counts, (performance.now() - startedAt) / 1000)}`)
  const timer = setInterval(draw, BAR_MS).unref()
  return () => {
    clearInterval(timer)
    draw()
    process.stderr.write('\n')
  }
}

function describe(error: unknown, source: string): HydrationFailure {
  const words = errorMessage(error)
  return {
    reason: error instanceof HydrationError ? error.reason : 'InternalError',
    message: foreign(words, MAX_MESSAGE),
    source: source.slice(0, MAX_SOURCE),
    ...(error instanceof HydrationError &&
      error.file !== undefined && { file: foreign(error.file, MAX_SOURCE) }),
  }
}
