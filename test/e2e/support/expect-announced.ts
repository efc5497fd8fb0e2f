import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { CommandResult } from '../../testbed/command.ts'
import { waitUntil } from '../../testbed/wait.ts'
import { type Cluster, eventually, newNamespace } from './cluster.ts'
import { type Announcement, type Case, type Example, folderOf, GALLERY, nameOf } from './example-files.ts'
import { reviewLive } from './live-review.ts'

/** Applies a case file by file. The last file is the one under test, and the earlier ones are accepted. */
export async function expectAnnounced(example: Case, kind: Announcement['kind']): Promise<void> {
  const namespace = await newNamespace()
  const before = example.files.slice(0, -1)
  const announces = example.files.at(-1)?.announces
  expect(before.filter(file => file.announces)).toEqual([])
  expect(announces).toMatchObject({ kind, message: expect.stringContaining(`${announces?.reason}: `) })
  if (announces === undefined) return
  expect(nameOf(example)).toBe(folderOf(announces.reason))
  for (const file of before) await applyWhenReady(namespace, file)

  const args = [announces.verb, '-f', GALLERY + example.files.at(-1)?.path]
  // Each look shows the warning, and a dry run stores nothing, so the next apply is not a no-op.
  await untilSaid(namespace, kind === 'Warns' ? [...args, '--dry-run=server'] : args, announces)
  if (announces.verb === 'apply') await expectReviewed(namespace.namespace, example, announces)
  const { code } = await namespace.kubectl(args)
  expect(code).toBe(kind === 'Warns' ? 0 : 1)
}

/** The review of the file says the same before it is applied. */
async function expectReviewed(
  namespace: string,
  { files }: Case,
  { kind, reason }: Announcement,
): Promise<void> {
  const path = files.at(-1)?.path ?? ''
  const results = await reviewLive(path, readFileSync(GALLERY + path, 'utf8'), namespace)
  const told = results.find(({ findings }) => findings.some(finding => finding.reason === reason))
  expect(told?.verdict, JSON.stringify(results)).toBe(kind === 'Warns' ? 'warned' : 'denied')
}

/** Tries again while the words differ: the controller may be about to write the status that they quote. */
async function untilSaid(namespace: Cluster, args: string[], { message }: Announcement): Promise<void> {
  await waitUntil({
    what: `"${message}"`,
    timeoutMs: 20_000,
    intervalMs: 300,
    probe: async () => {
      const result = await namespace.kubectl(args)
      const said = result.stderr
        .replaceAll(GALLERY, 'examples/')
        .replaceAll(namespace.namespace, 'default')
        // Kubernetes before 1.35 says that the invalid value is an object.
        .replaceAll('Invalid value: "object": ', 'Invalid value: ')
      // The rest depends on the cluster where the message ends with an ellipsis.
      const isSaid = said
        .split('\n')
        .some(line => (message.endsWith('…') ? line.includes(message.slice(0, -1)) : line.endsWith(message)))
      return isSaid ? undefined : `it said: ${said}${result.stdout}`
    },
  })
}

/** A bare pod is denied until its cache is Ready, and then applied again. */
async function applyWhenReady(namespace: Cluster, { path }: Example): Promise<void> {
  const result = await eventually(`acceptance of ${path}`, async () => {
    const result = await namespace.kubectl(['apply', '-f', GALLERY + path])
    return result.code !== 0 && result.stderr.includes('CacheNotReady: ') ? undefined : result
  })
  expectAccepted(result)
}

/** Accepted without a message, except that a workload gets a warning about caches that are not Ready yet. */
export function expectAccepted({ code, stderr }: CommandResult): void {
  expect(stderr.replaceAll(/^Warning: CacheNotReady: .*\n/gm, '')).toBe('')
  expect(code).toBe(0)
}
