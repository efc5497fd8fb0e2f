import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheRoot } from './cache.ts'
import { outputOf, runCommand } from './command.ts'

/**
 * Installs an npm package into the cache of the test bed, unless it is there already. Returns the folder. It
 * is for programs that the project does not depend on.
 */
export async function npmPackage(name: string, version: string): Promise<string> {
  const target = join(cacheRoot(), `${name}-${version}`)
  const isThere = await stat(target).then(
    () => true,
    () => false,
  )
  if (isThere) return target
  const scratch = `${target}.installing-${process.pid}`
  await mkdir(scratch, { recursive: true })
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts']
  const result = await runCommand('npm', ['install', ...flags, `${name}@${version}`], {
    cwd: scratch,
    timeoutMs: 600_000,
  })
  outputOf(result, `installing ${name}`)
  // Another process was first, and created the same.
  await rename(scratch, target).catch(() => rm(scratch, { recursive: true, force: true }))
  return target
}
