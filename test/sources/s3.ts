import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { type Host, thisMachine } from '../testbed/host.ts'
import { pythonPackage } from './python-package.ts'

const VERSION = '5.2.1'

/** Objects on a page of a listing. */
export const PAGE = 5

/** What a script gets: a client of boto3 for the server. */
const PROLOGUE = `
import boto3, os, sys
from botocore.config import Config
s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='tests', aws_secret_access_key='canary-secret')
`

export interface S3Server extends AsyncDisposable {
  readonly url: string
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
  const python = (args: readonly string[]) => {
    const [command = '', ...rest] = [...enter, 'python3', ...args]
    return spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  }
  const child = python(['-m', 'moto.server', '-H', address, '-p', '0'])
  const url = await urlOf(child, address)
  return {
    url,
    python: script => output(python(['-c', PROLOGUE + script, url])),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

/** Flask says where it listens. */
async function urlOf(child: ChildProcess, address: string): Promise<string> {
  let text = ''
  const read = (chunk: Buffer) => {
    text += chunk.toString()
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  for (let tries = 0; tries < 600; tries++) {
    const [, port] = /Running on http:\/\/[\d.]+:(\d+)/.exec(text) ?? []
    if (port !== undefined) return `http://${address}:${port}`
    if (child.exitCode !== null) break
    await pause(100)
  }
  throw new Error(`moto did not start: ${text}`)
}

async function output(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.on('data', chunk => {
    text += String(chunk)
  })
  child.stderr?.on('data', chunk => {
    text += String(chunk)
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(text)
  return text.trim()
}
