import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { deploymentsOf, modelDeployment } from './support/model-deployment.ts'
import { annotations, classes, modelCache, pod, soundSpec } from './support/objects.ts'
import { inline, report, sized, stagingIn } from './support/staging.ts'
import { stepByStep } from './support/step-by-step.ts'

const containers = [{ name: 'vllm', image: 'vllm/vllm-openai:v0.11.0' }]
const template = { metadata: { labels: { app: 'a' }, ...annotations('llama') }, spec: { containers } }
const never = { ...template, spec: { containers, restartPolicy: 'Never' } }

let cluster: Cluster
const { inPhase, provision, podOf, end } = stagingIn(() => cluster)

const workloads = async () => {
  const path = 'jsonpath={.status.references.workloads}'
  return (await cluster.kubectl(['get', 'modelcache/llama', '-o', path])).stdout
}
const used = (...by: string[]) =>
  eventually(
    `users ${by.join()}`,
    async () => (await workloads()) === (by.length === 0 ? '' : JSON.stringify(by)) || undefined,
  )

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
  await provision('modelcache--llama')
  await cluster.need(modelCache('llama', soundSpec({ ...inline, ...sized })))
  await end(await podOf('modelcache--llama'), 0, report)
  await inPhase('llama', 'Ready')
})

describe('status names the workloads that use a cache:', () => {
  stepByStep()

  test('a pod, a Deployment, a gang, a CronJob and a ModelDeployment', async () => {
    const selector = { matchLabels: { app: 'a' } }
    await cluster.need(
      pod({ name: 'single', ...annotations('llama') }),
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { replicas: 2, selector, template },
      },
      {
        apiVersion: 'leaderworkerset.x-k8s.io/v1',
        kind: 'LeaderWorkerSet',
        metadata: { name: 'gang' },
        spec: {
          replicas: 1,
          leaderWorkerTemplate: { size: 2, leaderTemplate: template, workerTemplate: template },
        },
      },
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'night' },
        spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: never } } },
      },
      modelDeployment('chat'),
    )
    await cluster.kubectl(['create', 'job', '--from=cronjob/night', 'now'])
    await used(
      'CronJob/night',
      'Deployment/web',
      'LeaderWorkerSet/gang',
      'ModelDeployment/chat',
      'Pod/single',
    )
    const { stdout } = await cluster.kubectl(['get', 'modelcaches'])
    expect(stdout).toMatch(
      /^NAME +SOURCE +BACKEND +PHASE +READY +PROGRESS +SIZE +CLUSTERS +REFERENCES +AGE$/m,
    )
    expect(stdout).toMatch(/^llama .* 5 +\S+$/m)
  })

  test('who wants to delete the cache is told them', async () => {
    for (const { metadata } of await deploymentsOf(cluster).podsOf('chat'))
      await deploymentsOf(cluster).serve(metadata.name)
    const { stderr } = await cluster.kubectl(['delete', 'modelcache/llama'])
    expect(stderr).toMatch(/CacheInUse: .* mount ModelCache \S+\/llama, of CronJob\/night, Deployment\/web, /)
  })

  test('and no longer those that are gone', async () => {
    await cluster.kubectl([
      'delete',
      'deployment/web',
      'lws/gang',
      'modeldeployment/chat',
      'cronjob/night',
      '--cascade=foreground',
      '--wait=false',
    ])
    await cluster.kubectl(['delete', 'pod/single', '--force', '--grace-period=0'])
    await used()
  })
})
