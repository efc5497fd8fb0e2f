import { execFile } from 'node:child_process'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheRoot } from '../testbed/cache.ts'

const run = promisify(execFile)
const VERSION = '2.4.0'

const SCRIPT = `
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], local_dir=sys.argv[2], max_workers=2)
`

/**
 * Downloads a whole repository with the official Python client. The first time, the client is installed into
 * the cache of the test bed.
 */
export async function officialDownload(endpoint: string, repo: string, into: string): Promise<void> {
  const packages = await installed()
  await run('python3', ['-c', SCRIPT, repo, into], {
    env: {
      PATH: process.env.PATH ?? '',
      PYTHONPATH: packages,
      HF_ENDPOINT: endpoint,
      HF_HOME: join(into, '.cache'),
      HF_HUB_DISABLE_TELEMETRY: '1',
      NO_PROXY: '*',
    },
  })
}

async function installed(): Promise<string> {
  const target = join(cacheRoot(), `huggingface_hub-${VERSION}`)
  const isThere = () =>
    stat(target).then(
      () => true,
      () => false,
    )
  if (await isThere()) return target
  const scratch = `${target}.installing-${process.pid}`
  await mkdir(cacheRoot(), { recursive: true })
  const args = ['-m', 'pip', 'install', '--quiet', '--target', scratch, `huggingface_hub==${VERSION}`]
  await run('python3', args)
  // Another process was first, and created the same.
  await rename(scratch, target).catch(() => rm(scratch, { recursive: true, force: true }))
  return target
}
