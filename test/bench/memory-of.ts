import { readFile } from 'node:fs/promises'
import type { Role } from '../testbed/role.ts'

/** Resident memory of a role now and at its peak, in MiB, as the kernel reports it. */
export async function memoryOf(role: Pick<Role, 'child'>): Promise<{ rss: number; peak: number }> {
  const status = await readFile(`/proc/${role.child()?.pid}/status`, 'utf8')
  const field = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024)
  return { rss: field('VmRSS'), peak: field('VmHWM') }
}
