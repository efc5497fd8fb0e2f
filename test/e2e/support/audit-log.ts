import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/**
 * Flags of an API server that writes a line into a log for each answer, and for a watch one when it begins.
 * `dir` is the folder of its data.
 */
export function audited(dir: string): Record<string, string> {
  const policy = join(dir, 'audit-policy.json')
  const rules = [{ level: 'Metadata' }]
  const omitStages = ['RequestReceived']
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages, rules }))
  return { 'audit-policy-file': policy, 'audit-log-path': logOf(dir), 'audit-log-mode': 'blocking' }
}

const logOf = (dir: string) => join(dir, 'audit.log')

const line = z.object({
  stage: z.string(),
  verb: z.string(),
  user: z.object({ username: z.string() }),
  objectRef: z.object({ resource: z.string().optional(), subresource: z.string().optional() }).optional(),
  stageTimestamp: z.string(),
})

/**
 * The requests of a role that began or were answered in a time, as `verb resource`. Times are in milliseconds
 * since the epoch.
 */
export async function requestsOf(
  role: 'webhook' | 'controller' | 'hub',
  { dir, from, to }: { dir: string; from: number; to: number },
): Promise<string[]> {
  const user = `system:serviceaccount:modelcache-system:modelcache-${role}`
  const text = await readFile(logOf(dir), 'utf8')
  return text
    .split('\n')
    .filter(each => each.includes(user))
    .map(each => line.parse(JSON.parse(each)))
    .filter(({ user: { username }, verb, stage, stageTimestamp }) => {
      const at = Date.parse(stageTimestamp)
      const counts = stage === (verb === 'watch' ? 'ResponseStarted' : 'ResponseComplete')
      return username === user && counts && at >= from && at < to
    })
    .map(({ verb, objectRef: { resource, subresource } = {} }) =>
      [verb, subresource === undefined ? resource : `${resource}/${subresource}`].join(' '),
    )
}
