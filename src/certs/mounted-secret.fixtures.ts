import { mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyedCertificate } from './issue.ts'

/**
 * A folder like a Secret that kubelet mounts into a pod: the files are links through `..data` to the folder
 * of one version, and a rename puts another version in its place.
 */
export function mountSecret(dir: string, first: KeyedCertificate) {
  const data = join(dir, '..data')
  const swap = ({ certPem, keyPem }: KeyedCertificate): void => {
    const version = mkdtempSync(join(dir, '..version-'))
    writeFileSync(join(version, 'tls.crt'), certPem)
    writeFileSync(join(version, 'tls.key'), keyPem, { mode: 0o600 })
    point(version)
  }
  const point = (version: string): void => {
    const old = oldVersion()
    symlinkSync(version, `${data}_tmp`)
    renameSync(`${data}_tmp`, data)
    if (old !== undefined) rmSync(old, { recursive: true })
  }
  const oldVersion = (): string | undefined => {
    try {
      return readlinkSync(data)
    } catch {
      return undefined
    }
  }
  mkdirSync(dir, { recursive: true })
  swap(first)
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(dir, name))
  return {
    certFile: join(dir, 'tls.crt'),
    keyFile: join(dir, 'tls.key'),
    swap,
    /** Removes the content, as if the volume were missing. */
    unmount: () => rmSync(data),
  }
}
