import { createHash } from 'node:crypto'
import type { ModelCache } from './modelcache.ts'

type Files = Readonly<Record<string, string>>

/** As long as a digest is written, so that what is shorter stays as it is. */
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Inline files with digests in place of their contents; of condensed ones, the same. */
export function condensedFiles(files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, digestOf(content)]))
}

/**
 * A ModelCache as it is kept in memory: without the contents of its inline files, which are up to a megabyte of each object, of which
 * anybody may make many, and about which rules ask no more than whether they are the same.
 */
export function condensed(cache: ModelCache): ModelCache {
  const { artifact } = cache.spec
  const files = artifact.source?.inline?.files
  if (files === undefined) return cache
  const source = { ...artifact.source, inline: { files: condensedFiles(files) } }
  return { ...cache, spec: { ...cache.spec, artifact: { ...artifact, source } } }
}

function digestOf(content: string): string {
  return DIGEST.test(content) ? content : `sha256:${createHash('sha256').update(content).digest('hex')}`
}
