import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { type DebianPackages, installPackages } from '../../testbed/debian-packages.ts'
import { waitUntil } from '../../testbed/wait.ts'

const run = promisify(execFile)

const PACKAGES: DebianPackages = { bindfs: 'bindfs', rclone: 'rclone', s3fs: 's3fs' }
const MOUNT_MS = 30_000

/** Why no file system that needs this device can be mounted here; undefined if it can. */
export function mountObstacle(device = '/dev/fuse'): string | undefined {
  if (process.getuid?.() !== 0) return 'a mount needs root'
  return existsSync(device) ? undefined : `there is no ${device}`
}

/** Installs what mounts. */
export function installMounts(): Promise<void> {
  return installPackages(PACKAGES, line => console.error(line))
}

/** Mounts a file system by a program that stays in the foreground, and unmounts it at the end. */
export async function mount(
  [command = '', ...args]: readonly string[],
  at: string,
  env: NodeJS.ProcessEnv = {},
): Promise<AsyncDisposable> {
  await mkdir(at, { recursive: true })
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', chunk => {
    said += String(chunk)
  })
  const ended = new Promise(resolve => child.once('close', resolve))
  await waitUntil({
    what: `mount ${at} of ${command}`,
    timeoutMs: MOUNT_MS,
    async probe() {
      const mounts = await readFile('/proc/mounts', 'utf8')
      return mounts.includes(` ${at} `) ? undefined : `it is not mounted: ${said}`
    },
  })
  return {
    async [Symbol.asyncDispose]() {
      // Lazily, because the kernel may still be using it.
      await run('umount', ['--lazy', at])
      child.kill()
      await ended
    },
  }
}
