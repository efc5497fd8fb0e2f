import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { annotations, modelCache, pod, readyStatus } from '../e2e/support/objects.ts'
import { outputOf } from '../testbed/command.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { kubectl, NO_NODE, newNamespace, SYSTEM } from './support/cluster.ts'

/** Sends reviews of 330,000 small containers, four at a time, and returns each result. */
const EXHAUST = `
  const { request } = require('node:https')
  const containers = Array(330_000).fill('{"name":"a"}').join()
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      operation: 'CREATE',
      resource: { group: '', version: 'v1', resource: 'pods' },
      object: { metadata: { annotations: { 'modelplane.ai/caches': 'weights' } }, spec: { containers: [] } },
    },
  }
  const body = JSON.stringify(review).replace('"containers":[]', '"containers":[' + containers + ']')
  const post = () =>
    new Promise(resolve => {
      const url = 'https://' + process.env.SERVICE + '/mutate-pods'
      const options = { method: 'POST', rejectUnauthorized: false, headers: { 'content-type': 'application/json' } }
      const call = request(url, options, response => {
        response.resume()
        response.on('end', () => resolve(response.statusCode))
      })
      call.on('error', error => resolve(error.code))
      call.end(body)
    })
  const main = async () => {
    for (let round = 0; round < 5; round++) console.log(...(await Promise.all([post(), post(), post(), post()])))
  }
  main()
`

describe.skipIf(NO_NODE)('a pod of a tenant', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await newNamespace()
    const source = { huggingFace: { repo: 'example/model', revision: '5206a32e'.repeat(5) } }
    await cluster.need(
      modelCache('weights', {
        artifact: { kind: 'Weights', source },
        mount: { path: '/mnt/model' },
        storage: { backend: 'PVC', pvc: { storageClassName: SHARED_CLASS, sizeGiB: 10 } },
      }),
    )
    await cluster.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
  })

  const system = async (...args: string[]) =>
    outputOf(await kubectl(['--namespace', SYSTEM, ...args]), `kubectl ${args.join(' ')}`)

  /** How often each replica of the webhook has restarted, and how it ended. */
  const ends = () =>
    system(
      ...['get', 'pods', '-l', 'app.kubernetes.io/component=webhook', '-o'],
      'jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].lastState}{"\\n"}{end}',
    )

  test('does not exhaust the memory of the webhook with reviews of a great many small containers', async () => {
    const before = await ends()
    const image = await system(
      ...['get', 'deployment/modelcache-webhook', '-o'],
      'jsonpath={.spec.template.spec.containers[0].image}',
    )
    const address = await system('get', 'service/modelcache-webhook', '-o', 'jsonpath={.spec.clusterIP}')
    const attacker = {
      name: 'attacker',
      image,
      command: ['/usr/local/bin/node', '-e', EXHAUST],
      env: [{ name: 'SERVICE', value: address }],
    }
    await cluster.need(pod({ name: 'attacker' }, { containers: [attacker], restartPolicy: 'Never' }))
    await eventually('the end of the attack', async () => {
      const { stdout } = await cluster.kubectl(['get', 'pod/attacker', '-o', 'jsonpath={.status.phase}'])
      return ['Succeeded', 'Failed'].includes(stdout) ? true : undefined
    })
    const { stdout: answers } = await cluster.kubectl(['logs', 'attacker'])
    expect(answers.trim().split(/\s+/), answers).toEqual(Array(20).fill('413'))
    expect(await ends()).toBe(before)
    const { code, stderr } = await cluster.apply(pod(annotations('weights')), '--dry-run=server')
    expect(code, stderr).toBe(0)
  })

  test('does not learn its folder from anybody but the controller, and cannot be let go before that', async () => {
    const later = 'later'
    await cluster.need(
      modelCache(later, {
        artifact: { kind: 'Weights', source: { inline: { files: { 'a.txt': 'a' } } } },
        mount: { path: '/mnt/later' },
        storage: { backend: 'PVC', pvc: { storageClassName: SHARED_CLASS, sizeGiB: 1 } },
      }),
      pod(
        { name: 'waits', ...annotations(later, { 'modelplane.ai/not-ready': 'Gate' }) },
        { containers: [{ name: 'c', image: 'modelcache.test/tools:1', command: ['true'] }] },
      ),
    )
    const edit = ['create', 'rolebinding', 'tenant', '--clusterrole=edit', '--user=tenant']
    expect((await cluster.kubectl(edit)).code).toBe(0)
    const tenant = ['--as=tenant', '--as-group=system:authenticated']
    for (const args of [
      ['annotate', 'pod', 'waits', `digest.modelplane.ai/modelcache--${later}=sha256:${'ab'.repeat(32)}`],
      ['patch', 'pod', 'waits', '--type=merge', '-p', '{"spec":{"schedulingGates":[]}}'],
    ])
      expect((await cluster.kubectl([...tenant, ...args])).stderr).toContain('RecordProtected: ')
    const { stdout } = await cluster.kubectl([
      'get',
      'pod/waits',
      '-o',
      'jsonpath={.status.conditions[0].reason}',
    ])
    expect(stdout).toBe('SchedulingGated')
  })
})
