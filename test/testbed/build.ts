import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Binaries, type BuildPlan, binariesIn, isComplete, PACKAGES, planBuild } from './binaries.ts'
import { outputOf, runCommand } from './command.ts'
import { goBuild, goModuleDir, requireGo } from './go.ts'
import { isAlive } from './pid.ts'

/** Takes a line of progress. */
export type Report = (line: string) => void

const REPORT_EVERY_MS = 5_000

/**
 * The Kubernetes binaries and the manifests of LeaderWorkerSet, built from source the first time and out
 * of the cache from then on. Builds at the same time do not disturb each other, and one that is interrupted
 * leaves nothing that counts as built. Go is needed only to build.
 */
export async function ensureBinaries(onProgress: Report): Promise<Binaries> {
  const plan = await planBuild()
  if (await isComplete(plan.target)) return binariesIn(plan.target)
  await requireGo(plan.goVersion)
  const started = Date.now()
  const names = Object.keys(PACKAGES)
  onProgress(`building ${names.join(', ')} from source, once; about five minutes on two cores`)
  await removeAbandoned(plan)
  const scratch = await scratchFolder(plan)
  try {
    await buildInto(scratch, plan, onProgress)
    await publish(scratch, plan.target)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  onProgress(`built ${names.length} binaries in ${secondsSince(started)} s`)
  return binariesIn(plan.target)
}

async function buildInto(scratch: string, plan: BuildPlan, onProgress: Report): Promise<void> {
  const binaries = binariesIn(scratch)
  const entries = Object.entries(PACKAGES)
  for (const [index, [name, goPackage]] of entries.entries()) {
    const started = Date.now()
    const progress = () =>
      onProgress(`building ${name} (${index + 1} of ${entries.length}), ${secondsSince(started)} s`)
    const ticker = setInterval(progress, REPORT_EVERY_MS)
    try {
      await goBuild({ plan, goPackage, output: join(binaries.dir, name), logPath: join(scratch, 'go.log') })
    } finally {
      clearInterval(ticker)
    }
    onProgress(`built ${name} (${index + 1} of ${entries.length}) in ${secondsSince(started)} s`)
  }
  await renderLws(binaries, plan)
}

/** LeaderWorkerSet's manifests come with its module, so they always fit the manager. */
async function renderLws(binaries: Binaries, plan: BuildPlan): Promise<void> {
  const source = join(await goModuleDir(plan, 'sigs.k8s.io/lws'), 'config', 'default')
  const rendered = await runCommand(binaries.kubectl, ['kustomize', source])
  await writeFile(binaries.lwsManifest, outputOf(rendered, 'rendering the manifests of LeaderWorkerSet'))
}

/** A folder beside the target, so that the finished build can be renamed into place. */
async function scratchFolder({ target }: BuildPlan): Promise<string> {
  await mkdir(dirname(target), { recursive: true })
  const scratch = `${target}.building-${process.pid}-${randomUUID()}`
  await mkdir(join(scratch, 'bin'), { recursive: true })
  return scratch
}

/** Renaming is what decides between builds at the same time: whoever comes second finds the target there. */
async function publish(scratch: string, target: string): Promise<void> {
  await rm(join(scratch, 'go.log'), { force: true })
  if (await isComplete(target)) return
  // What is there now is a folder that lost files; no build leaves one.
  await rm(target, { recursive: true, force: true })
  try {
    await rename(scratch, target)
  } catch (error) {
    if (!(await isComplete(target))) throw error
  }
}

/** A build that was killed could not clean up; the process number in its folder's name tells it is over. */
async function removeAbandoned({ target }: BuildPlan): Promise<void> {
  const prefix = `${basename(target)}.building-`
  const siblings = await readdir(dirname(target)).catch(() => [])
  for (const name of siblings.filter(sibling => sibling.startsWith(prefix))) {
    const pid = Number.parseInt(name.slice(prefix.length), 10)
    if (!isAlive(pid)) await rm(join(dirname(target), name), { recursive: true, force: true })
  }
}

function secondsSince(started: number): number {
  return Math.round((Date.now() - started) / 1000)
}
