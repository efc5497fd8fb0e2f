import { MANIFEST_VARIABLE, textOf } from '../api/hydration-env.ts'
import { type ModelCache, modelCache } from '../api/modelcache.ts'
import { firstIssue } from '../api/schema/parse.ts'
import { type Input, readManifests } from '../review/read-manifests.ts'
import { readInput } from './manifest-files.ts'
import { UsageError } from './options.ts'

/** Where a manifest comes from, for messages. */
export function originOf(file: string | undefined): string {
  return file ?? `variables ${MANIFEST_VARIABLE}_*`
}

/**
 * The one ModelCache in a file, or in variables.
 *
 * @throws UsageError if there is none, or more than one.
 */
export async function readModelCache(
  file: string | undefined,
): Promise<{ cache: ModelCache; namespace: string }> {
  const path = originOf(file)
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
  return { cache: parsed.data, namespace: manifest.namespace }
}

/** The form in which the controller hands a ModelCache to its Jobs. */
function manifestsOfVariables(name: string): Input {
  const manifest = textOf(MANIFEST_VARIABLE, process.env)
  if (manifest === undefined)
    throw new UsageError('--filename is missing, and there are no variables MODELCACHE_MANIFEST_*')
  return readManifests(name, manifest, 'default')
}
