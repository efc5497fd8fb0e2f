import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { issueCA, issueLeaf, serviceDnsNames } from '../src/certs/issue.ts'

const USAGE = `Make a CA and a serving certificate for the webhook, for development.

usage: node certs/dev-certificates.ts --out DIR [options]

  --out DIR         folder for ca.crt, ca.key, tls.crt and tls.key; made if missing
  --service NAME    Service of the webhook (default: modelcache-webhook)
  --namespace NAME  its namespace (default: modelcache-system)
  --days N          days of validity (default: 365)
  --force           overwrite files that are there
  -h, --help        show this help

exit codes: 0 done, 1 failed, 2 wrong usage
`

const PRIVATE = 0o600
const PUBLIC = 0o644

class UsageError extends Error {}

interface Options {
  out: string
  service: string
  namespace: string
  days: number
  force: boolean
}

/** What the command line asks for; undefined if it asks for help. */
function readOptions(args: string[]): Options | undefined {
  const { values } = parseCommandLine(args)
  if (values.help) return undefined
  if (values.out === undefined || values.out === '') throw new UsageError('--out DIR is needed')
  const days = Number(values.days)
  if (!Number.isInteger(days) || days < 1) throw new UsageError('--days takes a whole number of at least 1')
  return { out: values.out, service: values.service, namespace: values.namespace, days, force: values.force }
}

function parseCommandLine(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        out: { type: 'string' },
        service: { type: 'string', default: 'modelcache-webhook' },
        namespace: { type: 'string', default: 'modelcache-system' },
        days: { type: 'string', default: '365' },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

async function writeCertificates({ out, service, namespace, days, force }: Options): Promise<void> {
  const names = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']
  const present = names.filter(name => existsSync(join(out, name)))
  if (present.length > 0 && !force) {
    throw new Error(`${out} already holds ${present.join(', ')}; --force overwrites`)
  }
  const ca = await issueCA({ commonName: `${service} development CA`, days })
  const leaf = await issueLeaf(ca, {
    commonName: `${service}.${namespace}.svc`,
    dnsNames: serviceDnsNames(service, namespace),
    days,
    usages: ['serverAuth'],
  })
  await mkdir(out, { recursive: true })
  await writePem(join(out, 'ca.crt'), ca.certPem, PUBLIC)
  await writePem(join(out, 'ca.key'), ca.keyPem, PRIVATE)
  await writePem(join(out, 'tls.crt'), leaf.certPem, PUBLIC)
  await writePem(join(out, 'tls.key'), leaf.keyPem, PRIVATE)
  console.log(`wrote ${names.join(', ')} to ${out}: ${service}.${namespace}.svc, valid for ${days} days`)
}

async function writePem(path: string, pem: string, mode: number): Promise<void> {
  // The mode of writeFile only applies to a new file, and an existing file may be readable to all.
  await rm(path, { force: true })
  await writeFile(path, pem, { mode, flag: 'wx' })
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) console.log(USAGE)
  else await writeCertificates(options)
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  console.error(`dev-certificates: ${message}`)
  if (error instanceof UsageError) console.error('try --help')
  process.exitCode = error instanceof UsageError ? 2 : 1
}
