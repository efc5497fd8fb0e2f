import { join } from 'node:path'
import { type Host, thisMachine } from '../testbed/host.ts'
import { npmPackage } from '../testbed/npm-package.ts'
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
service = BlobServiceClient(sys.argv[1] + '/${ACCOUNT}', credential={'account_name': '${ACCOUNT}', 'account_key': '${KEY}'})
`

export interface AzureServer extends SpawnedServer {
  /** Runs Python with the official client as \`service\`. Returns what it prints. */
  python(script: string): Promise<string>
}

/** The Blob service of Azurite, on any port of a host. */
export async function serveAzure({
  enter,
  address,
}: Pick<Host, 'enter' | 'address'> = thisMachine): Promise<AzureServer> {
  const packages = await pythonPackage('azure-storage-blob', CLIENT)
  const main = join(await npmPackage('azurite', AZURITE), 'node_modules/azurite/dist/src/blob/main.js')
  const options = ['--blobHost', address, '--blobPort', '0', '--inMemoryPersistence', '--skipApiVersionCheck']
  const served = await spawnServer([...enter, process.execPath, main, ...options], {
    listens: /listens on (http:\S+)/,
  })
  return { ...served, python: script => python(packages, PROLOGUE + script, [served.url], enter) }
}
