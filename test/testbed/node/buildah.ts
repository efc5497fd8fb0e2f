import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheRoot } from '../cache.ts'
import { outputOf, runCommand } from '../command.ts'

const BUILD_MS = 10 * 60_000

/** Runs buildah on the test bed's own image storage, and returns what it printed. */
export async function buildah(
  args: readonly string[],
  doing: string,
  environment: NodeJS.ProcessEnv = {},
  /** The words before a command, so that it runs elsewhere. */
  enter: readonly string[] = [],
): Promise<string> {
  const storage = join(cacheRoot(), 'buildah')
  await mkdir(storage, { recursive: true })
  const [command = '', ...before] = [...enter, 'buildah']
  const result = await runCommand(
    command,
    [
      ...before,
      '--root',
      join(storage, 'root'),
      '--runroot',
      join(storage, 'run'),
      '--storage-driver',
      'overlay',
      ...args,
    ],
    // No container runtime and no namespaces: a build step is just a process in another root folder.
    { env: { ...process.env, BUILDAH_ISOLATION: 'chroot', ...environment }, timeoutMs: BUILD_MS },
  )
  return outputOf(result, doing)
}

/**
 * Writes an image of the storage as an archive that containerd imports under that name. Layers stay
 * uncompressed.
 */
export async function archiveImage(image: string, path: string): Promise<void> {
  await rm(path, { force: true })
  const push = ['push', '--quiet', '--disable-compression', image, `oci-archive:${path}:${image}`]
  await buildah(push, `writing ${path}`)
}

/** Whether the storage has an image of that name. */
export async function hasImage(image: string): Promise<boolean> {
  return (await buildah(['images', '--format', '{{.Name}}:{{.Tag}}'], 'listing images'))
    .split('\n')
    .includes(image)
}

/** A short name for what decides a result. */
export function fingerprint(inputs: readonly string[]): string {
  return createHash('sha256').update(inputs.join('\0')).digest('hex').slice(0, 16)
}
