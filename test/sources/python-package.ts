import { execFile } from 'node:child_process'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheRoot } from '../testbed/cache.ts'

const run = promisify(execFile)

/**
 * A Python package in the cache of the test bed, with others beside it, as a folder for PYTHONPATH. Installed
 * the first time.
 */
export async function pythonPackage(
  name: string,
  version: string,
  others: readonly string[] = [],
): Promise<string> {
  const target = join(cacheRoot(), `${name.replaceAll(/\W/g, '-')}-${version}`)
  const isThere = () =>
    stat(target).then(
      () => true,
      () => false,
    )
  if (await isThere()) return target
  const scratch = `${target}.installing-${process.pid}`
  await mkdir(cacheRoot(), { recursive: true })
  const args = ['-m', 'pip', 'install', '--quiet', '--target', scratch, `${name}==${version}`, ...others]
  await run('python3', args)
  // Another process was first, and created the same.
  await rename(scratch, target).catch(() => rm(scratch, { recursive: true, force: true }))
  return target
}
