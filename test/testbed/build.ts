import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type BuildPlan, type BuildSet, isComplete, planBuild } from './build-plan.ts'
import { goBuild, requireGo } from './go.ts'
import { isAlive } from './pid.ts'

/** Receives a line of progress. */
export type Report = (line: string) => void

const REPORT_EVERY_MS = 5_000

/**
 * Builds a set from source the first time, and returns its folder in the cache, with the executables in
 * `bin`. Concurrent builds do not disturb each other, and an interrupted build leaves nothing that counts.
 * Only building needs Go.
 */
export async function ensureBuilt(set: BuildSet, onProgress: Report): Promise<string> {
  const plan = await planBuild(set)
  if (await isComplete(plan)) return plan.target
  await requireGo(plan.goVersion)
  const started = Date.now()
  onProgress(`building ${Object.keys(set.packages).join(', ')} from source, once; ${set.duration}`)
  await removeAbandoned(plan)
  const scratch = await scratchFolder(plan)
  try {
    await buildInto(scratch, plan, onProgress)
    await publish(scratch, plan)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  onProgress(`built ${set.name} in ${secondsSince(started)} s`)
  return plan.target
}

async function buildInto(scratch: string, plan: BuildPlan, onProgress: Report): Promise<void> {
  const entries = Object.entries(plan.set.packages)
  for (const [index, [name, goPackage]] of entries.entries()) {
    const started = Date.now()
    const progress = () =>
      onProgress(`building ${name} (${index + 1} of ${entries.length}), ${secondsSince(started)} s`)
    const ticker = setInterval(progress, REPORT_EVERY_MS)
    try {
      const output = join(scratch, 'bin', name)
      await goBuild({ plan, goPackage, output, logPath: join(scratch, 'go.log') })
    } finally {
      clearInterval(ticker)
    }
    onProgress(`built ${name} (${index + 1} of ${entries.length}) in ${secondsSince(started)} s`)
  }
  await plan.set.finish?.(scratch, plan)
}

/** A folder beside the target, so that the finished build can be renamed into place. */
async function scratchFolder({ target }: BuildPlan): Promise<string> {
  await mkdir(dirname(target), { recursive: true })
  const scratch = `${target}.building-${process.pid}-${randomUUID()}`
  await mkdir(join(scratch, 'bin'), { recursive: true })
  return scratch
}

/** The rename decides between concurrent builds: the second one finds the target there. */
async function publish(scratch: string, plan: BuildPlan): Promise<void> {
  await rm(join(scratch, 'go.log'), { force: true })
  if (await isComplete(plan)) return
  // The present folder has lost files. No build leaves such a folder.
  await rm(plan.target, { recursive: true, force: true })
  try {
    await rename(scratch, plan.target)
  } catch (error) {
    if (!(await isComplete(plan))) throw error
  }
}

/** A killed build could not clean up. The process number in its folder's name shows that it is over. */
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
