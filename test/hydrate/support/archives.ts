import { execFileSync } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'

/** What a tar has besides files. */
export interface TarLink {
  link: string
  type?: 'link' | 'symlink'
}

export type TarContent = Buffer | string | TarLink

/** A tar with these entries, in this order. */
export function tarOf(entries: readonly (readonly [name: string, content: TarContent])[]): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of entries) {
    if (typeof content === 'string' || Buffer.isBuffer(content)) tar.entry({ name }, content)
    else tar.entry({ name, type: content.type ?? 'symlink', linkname: content.link })
  }
  tar.finalize()
  return buffer(tar)
}

const ZIP = `
import base64, json, sys, zipfile
given = json.load(sys.stdin)
with zipfile.ZipFile(sys.stdout.buffer, 'w', zipfile.ZIP_DEFLATED if given['deflate'] else zipfile.ZIP_STORED) as archive:
  for name, content in given['files'].items(): archive.writestr(name, base64.b64decode(content))
  for name, target in given['links'].items():
    info = zipfile.ZipInfo(name); info.create_system = 3; info.external_attr = 0o120777 << 16
    archive.writestr(info, target)
`

/** A zip of Python's library. */
export function zipOf(
  files: Readonly<Record<string, Buffer>>,
  { deflate = true, links = {} }: { deflate?: boolean; links?: Readonly<Record<string, string>> } = {},
): Buffer {
  const encoded = Object.entries(files).map(([name, content]) => [name, content.toString('base64')])
  const input = JSON.stringify({ files: Object.fromEntries(encoded), deflate, links })
  return execFileSync('python3', ['-c', ZIP], { input, maxBuffer: 2 ** 30 })
}
