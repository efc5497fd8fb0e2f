import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { createWhile } from '../e2e/support/create-loop.ts'
import { annotations, modelCache, pod, readyStatus } from '../e2e/support/objects.ts'
import { helm } from '../manifests/support/rendered.ts'
import { outputOf } from '../testbed/command.ts'
import { installProduct, waitForRollout } from '../testbed/node/installed.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { kubeconfigPath, kubectl, NO_NODE, newNamespace, SYSTEM } from './support/cluster.ts'

const PER_SECOND = 20
const RELEASE = ['modelcache', '--namespace', SYSTEM]
const WAIT = ['--wait', '--timeout', '180s']

// The kubectl installation moves to Helm, through upgrades, and comes back for the next test.
describe.skipIf(NO_NODE)('helm, under constant creates', () => {
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
    await eventually('an annotated pod', async () => ((await ask('weights')).code === 0 ? true : undefined))
  })

  const ask = (cache: string) => cluster.apply(pod(annotations(cache)), '--dry-run=server')

  async function run(...args: string[]): Promise<void> {
    outputOf(await helm(args, { KUBECONFIG: kubeconfigPath() }), `helm ${args.join(' ')}`)
  }

  async function bundle(): Promise<string> {
    const path = 'jsonpath={.webhooks[0].clientConfig.caBundle}'
    return (await kubectl(['get', 'mutatingwebhookconfiguration/modelcache-mutating', '-o', path])).stdout
  }

  /** The arguments of the webhook's pods, except those that are ending. */
  async function servedWith(): Promise<string[]> {
    const listed = await kubectl([
      ...['get', 'pods', '--namespace', SYSTEM, '--selector', 'app.kubernetes.io/component=webhook'],
      ...[
        '--output',
        'go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{index .spec.containers 0 "args"}}|{{end}}{{end}}',
      ],
    ])
    return listed.stdout.split('|').filter(args => args !== '')
  }

  test.each([
    ['install over what kubectl has applied', ['install', ...RELEASE, '--take-ownership'], 'info'],
    ['upgrade', ['upgrade', ...RELEASE, '--reset-then-reuse-values', '--set', 'logLevel=debug'], 'debug'],
    ['rollback', ['rollback', ...RELEASE, '1'], 'info'],
  ])('%s: no create fails, and the CA stays', async (what, [verb = '', release = '', ...flags], level) => {
    const before = await bundle()
    const chart = verb === 'rollback' ? [] : ['chart']
    const revision = verb === 'rollback' ? flags.splice(-1) : []
    const { created, failures } = await createWhile({
      kubeconfig: kubeconfigPath(),
      namespace: cluster.namespace,
      caches: 'weights',
      perSecond: PER_SECOND,
      during: () => run(verb, release, ...chart, ...revision, ...flags, ...WAIT),
    })
    console.log(`helm ${what}: ${created} creates, ${failures.length} failed`)
    expect(failures).toEqual([])
    expect(created).toBeGreaterThan(0)
    expect(before).not.toBe('')
    expect(await bundle()).toBe(before)
    const served = await servedWith()
    expect(served.length).toBeGreaterThan(0)
    for (const args of served) expect(args).toContain(`--log-level=${level}`)
    await kubectl(['delete', 'pods', '--all', '--namespace', cluster.namespace, '--wait=false', '--force'])
  })

  test('uninstall: pods come, whatever they ask for, and the caches stay', async () => {
    await run('uninstall', ...RELEASE, ...WAIT)
    try {
      await eventually('a pod that asks for a cache nobody has', async () =>
        (await ask('unknown')).code === 0 ? true : undefined,
      )
      expect((await cluster.kubectl(['get', 'modelcache/weights', '-o', 'name'])).stdout).toContain(
        '/weights',
      )
    } finally {
      await installProduct(kubectl)
      await waitForRollout(kubectl)
    }
    await eventually('the webhook again', async () => {
      const { stderr } = await ask('unknown')
      return stderr.includes('CacheNotFound') ? true : undefined
    })
  })
})
