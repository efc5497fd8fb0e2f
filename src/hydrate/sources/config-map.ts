import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HydrationError } from '../failure.ts'
import { ofContents } from './inline.ts'
import type { Resolved } from './source.ts'

/** Kubernetes: a ConfigMap holds at most 1 MiB. */
const MAX_BYTES = 1024 * 1024

/**
 * The files of a ConfigMap in the folder where kubelet mounts it. Each key is a link to a file of the newest
 * version, and names with two leading dots belong to kubelet.
 */
export async function configMap(name: string, folder: string): Promise<Resolved> {
  const keys = (await readdir(folder).catch(() => [])).filter(key => !key.startsWith('..')).toSorted()
  if (keys.length === 0) {
    const message = `ConfigMap ${name} does not exist or is empty (looked in ${folder}); create it in the namespace of the ModelCache`
    throw new HydrationError('ConfigMapNotFound', message)
  }
  const contents: { path: string; content: Buffer }[] = []
  let bytes = 0
  for (const key of keys) {
    const found = await stat(join(folder, key))
    if (!found.isFile())
      throw new HydrationError('FileNameInvalid', `${key} of ConfigMap ${name} is not a file`, { file: key })
    bytes += found.size
    if (bytes > MAX_BYTES)
      throw new HydrationError('FileNameInvalid', `ConfigMap ${name} has more than 1 MiB`, { file: key })
    contents.push({ path: key, content: await readFile(join(folder, key)) })
  }
  return ofContents('configMap', contents)
}
