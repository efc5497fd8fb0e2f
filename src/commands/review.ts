import { styleText } from 'node:util'
import { z } from 'zod'
import { objectName } from '../api/schema/object-name.ts'
import { errorMessage, printableLines } from '../api/schema/text.ts'
import { adviseLive, adviseOffline } from '../review/advice.ts'
import { OFFLINE } from '../review/decide.ts'
import { EMPTY_CLUSTER } from '../review/input-view.ts'
import { problemLine } from '../review/manifest.ts'
import { renderJson, renderPatches, renderText } from '../review/render.ts'
import { type ReviewOptions, review as reviewManifests } from '../review/review.ts'
import type { Reviewed } from '../review/verdict.ts'
import type { Command } from './command.ts'
import { readInput } from './manifest-files.ts'
import { commonOptions, describeOptions, flag, parseOptions, policyOptions } from './options.ts'

const OPTIONS = {
  filename: {
    schema: z.array(z.string().min(1), 'is required').min(1),
    value: 'DIR|FILE|-',
    short: 'f',
    repeatable: true,
    help: 'what to review: a file, a folder with its subfolders, or - for standard input; may be repeated',
  },
  output: {
    schema: z.enum(['text', 'json', 'patch']).default('text'),
    value: 'FORMAT',
    short: 'o',
    help: 'text (default), json, or patch: the JSON Patch of each object that gets something',
  },
  namespace: {
    schema: objectName.optional(),
    value: 'NAME',
    short: 'n',
    help: 'namespace of objects that state none; default: default, or with --live the one of the kubeconfig',
  },
  'assume-ready': { schema: flag, help: 'treat every ModelCache as Ready' },
  live: {
    schema: flag,
    help: 'review against the cluster of the kubeconfig, as if the input were applied to it',
  },
  ...policyOptions,
  kubeconfig: {
    ...commonOptions.kubeconfig,
    help: 'kubeconfig for --live; default: the one that kubectl uses',
  },
} as const

const HELP = `Usage: modelcache review -f DIR|FILE|- [options]

Says for each ModelCache, pod and workload in manifests whether the webhooks would admit it, and what they would inject.
The other objects in the manifests, such as StorageClasses, claims and the status of ModelCaches, describe the cluster.

${describeOptions(OPTIONS)}

Exit codes: 0 all objects are admitted, 1 one is denied, 2 the input (or with --live the cluster) cannot be read.
`

const RENDERERS: Record<'text' | 'json' | 'patch', (results: readonly Reviewed[]) => string> = {
  // styleText respects NO_COLOR, and knows whether the output is a terminal.
  text: results => renderText(results, (colour, text) => styleText(colour, text, { stream: process.stdout })),
  json: renderJson,
  patch: renderPatches,
}

/** Runs the rules of the webhooks over manifests, without a cluster or against a real one. */
export const review: Command = {
  help: HELP,
  options: OPTIONS,

  async run(argv) {
    const options = parseOptions(OPTIONS, argv)
    if (options === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    try {
      return await run(options)
    } catch (error) {
      // Exit code 1 means that something is denied, and nothing else.
      console.error(printableLines(`modelcache review: ${errorMessage(error)}`))
      return 2
    }
  },
}

async function run(
  options: NonNullable<ReturnType<typeof parseOptions<typeof OPTIONS>>>,
): Promise<0 | 1 | 2> {
  const { cluster, defaultNamespace } = await (options.live ? liveCluster(options.kubeconfig) : NO_CLUSTER)
  const { manifests, problems } = await readInput(options.filename, options.namespace ?? defaultNamespace)
  // The rest may refer to what cannot be read, so a verdict on the rest alone could be wrong.
  for (const problem of problems) console.error(problemLine(problem))
  if (problems.length > 0) return 2

  const results = await reviewManifests(manifests, {
    ...cluster,
    assumeReady: options['assume-ready'],
    unknownProvisioner: options['unknown-provisioner'],
    clusterName: options['cluster-name'],
    hydrationKeys: options['hydration-metadata'],
  })
  print(RENDERERS[options.output](results))
  return results.some(({ verdict }) => verdict === 'denied') ? 1 : 0
}

function print(text: string): void {
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    // A reader such as `head` may have closed the pipe.
    if (error.code !== 'EPIPE') throw error
  })
  process.stdout.write(text)
}

/** What the manifests are reviewed against. */
interface Against {
  cluster: Pick<ReviewOptions, 'base' | 'readUnknown' | 'advise'>
  defaultNamespace: string
}

const NO_CLUSTER: Against = {
  cluster: { base: EMPTY_CLUSTER, readUnknown: OFFLINE, advise: adviseOffline },
  defaultNamespace: 'default',
}

async function liveCluster(kubeconfig: string | undefined): Promise<Against> {
  // The Kubernetes client takes most of a second to load, and most reviews need no cluster.
  const { readCluster } = await import('./live-cluster.ts')
  const { view, readUnknown, namespace } = await readCluster(kubeconfig)
  return { cluster: { base: view, readUnknown, advise: adviseLive }, defaultNamespace: namespace }
}
