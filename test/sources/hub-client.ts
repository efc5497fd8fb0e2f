import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonPackage } from './python-package.ts'

const run = promisify(execFile)
const VERSION = '2.4.0'

const SCRIPT = `
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], repo_type=sys.argv[3], local_dir=sys.argv[2], max_workers=2)
`

/**
 * Downloads a whole repository with the official Python client. The first time, the client is installed into
 * the cache of the test bed.
 */
export async function officialDownload(
  endpoint: string,
  repo: string,
  into: string,
  kind: 'model' | 'dataset' = 'model',
): Promise<void> {
  const packages = await pythonPackage('huggingface_hub', VERSION)
  await run('python3', ['-c', SCRIPT, repo, into, kind], {
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
