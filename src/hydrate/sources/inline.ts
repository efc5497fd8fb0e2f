import { createHash } from 'node:crypto'
import type { Resolved, SourceFile } from './source.ts'

/** The files in the ModelCache itself. */
export function inline({ files }: { files: Readonly<Record<string, string>> }): Resolved {
  return ofContents(
    'inline',
    Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) })),
  )
}

/** Files that are already in memory. Their content is their identity. */
export function ofContents(kind: string, contents: readonly { path: string; content: Buffer }[]): Resolved {
  const files = contents.map(({ path, content }): SourceFile => {
    const sha256 = createHash('sha256').update(content).digest('hex')
    return {
      path,
      size: content.length,
      identity: sha256,
      sha256,
      open: async ({ from, to }) => ({ from, content: [content.subarray(from, to)] }),
    }
  })
  const named = files.map(({ path, sha256 }) => [path, sha256]).toSorted()
  return { identity: JSON.stringify({ kind, files: named }), list: async () => ({ files }) }
}
