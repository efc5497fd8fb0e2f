import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheRoot } from '../testbed/cache.ts'
import { outputOf, runCommand } from '../testbed/command.ts'
import { python } from './python.ts'
import { pythonPackage } from './python-package.ts'
import { type SpawnedServer, spawnServer } from './spawned-server.ts'

const AZURITE = '3.37.0'
const CLIENT = '12.31.1'

/** The account that every Azurite has. */
export const ACCOUNT = 'devstoreaccount1'
export const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** What a script gets: the official client of the account. */
const PROLOGUE = `
import sys, os, datetime
from azure.storage.blob import *
service = BlobServiceClient(sys.argv[1] + '/${ACCOUNT}', credential='${KEY}')
`

export interface AzureServer extends SpawnedServer {
  /** Runs Python with the official client as \`service\`. Returns what it prints. */
  python(script: string): Promise<string>
}

/** The Blob service of Azurite, on any loopback port. */
export async function serveAzure(): Promise<AzureServer> {
  const packages = await pythonPackage('azure-storage-blob', CLIENT)
  const main = join(await azurite(), 'node_modules/azurite/dist/src/blob/main.js')
  const options = [
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    '0',
    '--inMemoryPersistence',
    '--skipApiVersionCheck',
  ]
  const served = await spawnServer([process.execPath, main, ...options], {
    listens: /listens on (http:\S+)/,
  })
  return { ...served, python: script => python(packages, PROLOGUE + script, [served.url]) }
}

/** A folder with Azurite in the cache of the test bed. Installed the first time. */
async function azurite(): Promise<string> {
  const target = join(cacheRoot(), `azurite-${AZURITE}`)
  const isThere = await stat(target).then(
    () => true,
    () => false,
  )
  if (isThere) return target
  const scratch = `${target}.installing-${process.pid}`
  await mkdir(scratch, { recursive: true })
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts']
  const result = await runCommand('npm', ['install', ...flags, `azurite@${AZURITE}`], {
    cwd: scratch,
    timeoutMs: 600_000,
  })
  outputOf(result, 'installing azurite')
  // Another process was first, and created the same.
  await rename(scratch, target).catch(() => rm(scratch, { recursive: true, force: true }))
  return target
}
