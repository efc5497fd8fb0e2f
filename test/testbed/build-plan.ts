import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheRoot } from './cache.ts'

/** Executables that are built together from one Go module, and kept in one folder of the cache. */
export interface BuildSet {
  name: string
  /** The folder of go.mod, relative to this file. */
  module: string
  /** The executables by name, with the Go package of each. */
  packages: Readonly<Record<string, string>>
  /** Our own Go files, relative to go.mod: another build follows when they change. */
  sources?: readonly string[]
  /** What `finish` adds to the folder. */
  files?: readonly string[]
  /** The last step, in the folder with the executables, before the build counts. */
  finish?: (scratch: string, plan: BuildPlan) => Promise<void>
  /** For people: how long it takes the first time. */
  duration: string
}

/** What to build, and where it goes. */
export interface BuildPlan {
  set: BuildSet
  /** The folder of go.mod. */
  moduleDir: string
  /** The minimum version of Go in go.mod. */
  goVersion: string
  flags: string[]
  /** The folder in the cache, named by a hash of everything that decides the result. */
  target: string
}

/** Reads the go.mod of a set and says what the cache needs for it. */
export async function planBuild(set: BuildSet): Promise<BuildPlan> {
  const moduleDir = fileURLToPath(new URL(set.module, import.meta.url))
  const [goMod = '', goSum = ''] = await Promise.all(
    ['go.mod', 'go.sum'].map(name => readFile(join(moduleDir, name), 'utf8')),
  )
  const goVersion = /^go (\S+)$/m.exec(goMod)?.[1]
  if (goVersion === undefined) throw new Error(`${join(moduleDir, 'go.mod')} does not name the version of Go`)
  const flags = buildFlags(goMod)
  const packages = Object.entries(set.packages).flat()
  const sources = await Promise.all(
    (set.sources ?? []).map(source => readFile(join(moduleDir, source), 'utf8')),
  )
  const inputs = [goMod, goSum, ...packages, ...sources, ...flags, process.platform, process.arch]
  const hash = createHash('sha256').update(inputs.join('\0')).digest('hex').slice(0, 16)
  return { set, moduleDir, goVersion, flags, target: join(cacheRoot(), hash) }
}

/** Without the version at link time, the API server would report v0.0.0. */
function buildFlags(goMod: string): string[] {
  const [, full, major, minor] = /^\s*k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\S+)/m.exec(goMod) ?? []
  const version = 'k8s.io/component-base/version'
  const set = full === undefined ? [] : [`gitVersion=${full}`, `gitMajor=${major}`, `gitMinor=${minor}`]
  return ['-trimpath', `-ldflags=${['-s -w', ...set.map(pair => `-X ${version}.${pair}`)].join(' ')}`]
}

/** Whether the folder of the cache exists and is complete. */
export async function isComplete({ set, target }: BuildPlan): Promise<boolean> {
  const paths = [...Object.keys(set.packages).map(name => join('bin', name)), ...(set.files ?? [])]
  const present = await Promise.allSettled(paths.map(path => access(join(target, path))))
  return present.every(({ status }) => status === 'fulfilled')
}
