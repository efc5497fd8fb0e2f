import { expect } from 'vitest'
import { type Cluster, eventually } from '../../e2e/support/cluster.ts'
import { annotations } from '../../e2e/support/objects.ts'

/** Waits until a cache is Ready. */
export async function untilReady({ kubectl }: Cluster, cache: string): Promise<void> {
  const wait = ['wait', '--for=condition=Ready', `modelcache/${cache}`, '--timeout=180s']
  const { code, stderr } = await kubectl(wait)
  expect(code, stderr).toBe(0)
}

/** What leader and worker of a gang print that run a script with the cache mounted. It must print `end`. */
export async function readByGang(cluster: Cluster, cache: string, script: string): Promise<string[]> {
  const containers = [
    {
      name: 'main',
      image: 'modelcache.test/tools:1',
      command: ['sh', '-c', `${script}; echo end; sleep 3600`],
    },
  ]
  // A shell that is the first process ignores SIGTERM.
  const template = { metadata: annotations(cache), spec: { terminationGracePeriodSeconds: 1, containers } }
  await cluster.need({
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: { name: 'gang' },
    spec: {
      replicas: 1,
      leaderWorkerTemplate: { size: 2, leaderTemplate: template, workerTemplate: template },
    },
  })
  const logs: string[] = []
  for (const name of ['gang-0', 'gang-0-1'])
    logs.push(
      await eventually(`the log of ${name}`, async () => {
        const { stdout } = await cluster.kubectl(['logs', name])
        return stdout.endsWith('end\n') ? stdout : undefined
      }),
    )
  await cluster.kubectl(['delete', 'lws/gang', '--grace-period=1'])
  return logs
}
