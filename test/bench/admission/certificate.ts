import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { issueCA } from '../../../src/certs/issue.ts'
import { issueServing } from '../../testbed/pki.ts'

const FOLDER = 'BENCH_CERTIFICATE'

/** Issues one certificate for all servers. Returns the variable that tells them where it is. */
export async function writeCertificate(dir: string): Promise<Record<string, string>> {
  const ca = await issueCA({ commonName: 'bench', days: 1 })
  const leaf = await issueServing(ca, [])
  await writeFile(join(dir, 'ca.crt'), ca.certPem)
  await writeFile(join(dir, 'tls.key'), leaf.keyPem)
  await writeFile(join(dir, 'tls.crt'), leaf.certPem)
  return { [FOLDER]: dir }
}

/** Reads the certificate, in a server. */
export function certificate(): { key: string; cert: string } {
  const dir = process.env[FOLDER] ?? ''
  return { key: readFileSync(join(dir, 'tls.key'), 'utf8'), cert: readFileSync(join(dir, 'tls.crt'), 'utf8') }
}
