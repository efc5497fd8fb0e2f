import { type Host, thisMachine } from '../testbed/host.ts'
import { python } from './python.ts'
import { pythonPackage } from './python-package.ts'
import { type SpawnedServer, spawnServer } from './spawned-server.ts'

const VERSION = '5.2.1'

/** Objects on a page of a listing. */
export const PAGE = 5

/** What a script gets: a client of boto3 for the server. */
const PROLOGUE = `
import boto3, os, sys
from botocore.config import Config
s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='tests', aws_secret_access_key='canary-secret')
`

export interface S3Server extends SpawnedServer {
  /** Runs Python with the official client as \`s3\`. Returns what it prints. */
  python(script: string): Promise<string>
}

/** The S3 of moto, on any port of a host. */
export async function serveS3({
  enter,
  address,
}: Pick<Host, 'enter' | 'address'> = thisMachine): Promise<S3Server> {
  const packages = await pythonPackage('moto[server]', VERSION, ['botocore[crt]'])
  const env = {
    ...process.env,
    PYTHONPATH: packages,
    AWS_EC2_METADATA_DISABLED: 'true',
    MOTO_S3_DEFAULT_MAX_KEYS: `${PAGE}`,
  }
  const command = [...enter, 'python3', '-m', 'moto.server', '-H', address, '-p', '0']
  const served = await spawnServer(command, { env, listens: /Running on (http:\/\/[\d.]+:\d+)/ })
  return { ...served, python: script => python(packages, PROLOGUE + script, [served.url], enter) }
}
