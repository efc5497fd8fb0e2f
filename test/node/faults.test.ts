import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually } from '../e2e/support/cluster.ts'
import { CONCURRENT, createWhile } from '../e2e/support/create-loop.ts'
import { annotations, modelCache, pod, readyStatus } from '../e2e/support/objects.ts'
import { inRepository } from '../manifests/support/rendered.ts'
import { outputOf } from '../testbed/command.ts'
import { waitForRollout } from '../testbed/node/installed.ts'
import { SHARED_CLASS } from '../testbed/node/volumes.ts'
import { killReplica, kubeconfigPath, kubectl, NO_NODE, newNamespace, SYSTEM } from './support/cluster.ts'

const PER_SECOND = 20

describe.skipIf(NO_NODE)('the webhook of an installation, through faults', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await newNamespace()
    await cluster.need(
      modelCache('weights', {
        artifact: {
          kind: 'Weights',
          source: { huggingFace: { repo: 'example/model', revision: '5206a32e'.repeat(5) } },
        },
        mount: { path: '/mnt/model' },
        storage: { backend: 'PVC', pvc: { storageClassName: SHARED_CLASS, sizeGiB: 10 } },
      }),
    )
    await cluster.setStatus('modelcache/weights', readyStatus('modelcache--weights'))
    await untilCreates('an annotated pod')
  })

  /** The watches of all replicas have seen what the test has created. */
  async function untilCreates(what: string): Promise<void> {
    await eventually(what, async () => {
      const { code } = await cluster.apply(pod(annotations('weights')), '--dry-run=server')
      return code === 0 ? true : undefined
    })
  }

  async function admin(...args: string[]): Promise<void> {
    outputOf(await kubectl(['--namespace', SYSTEM, ...args]), `kubectl ${args.join(' ')}`)
  }

  test('a rolling update fails no create', async () => {
    const { created, failures } = await createWhile({
      kubeconfig: kubeconfigPath(),
      namespace: cluster.namespace,
      caches: 'weights',
      perSecond: PER_SECOND,
      during: async () => {
        await admin('rollout', 'restart', 'deployment/modelcache-webhook')
        await waitForRollout(kubectl)
        // The replaced replicas drain after that, and API servers still have their connections.
        await eventually('the end of the old replicas', async () => {
          const listed = await kubectl([
            'get',
            'pods',
            '-n',
            SYSTEM,
            '-l',
            'app.kubernetes.io/component=webhook',
            '-o',
            'name',
          ])
          return listed.stdout.trim().split('\n').length === 2 ? true : undefined
        })
      },
    })
    console.log(`rolling update: ${created} creates, ${failures.length} failed`)
    expect(failures).toEqual([])
    expect(created).toBeGreaterThan(PER_SECOND)
    await admin('delete', 'pods', '--all', '--namespace', cluster.namespace, '--wait=false', '--force')
  })

  test('a replica that is killed takes down with it what is in flight on it, and nothing else', async () => {
    const restarted = async (name: string) => {
      const path = 'jsonpath={.status.containerStatuses[0].restartCount}/{.status.containerStatuses[0].ready}'
      const { stdout } = await kubectl(['get', `pod/${name}`, '-n', SYSTEM, '-o', path])
      return stdout
    }
    const load = (during: () => Promise<void>) =>
      createWhile({
        kubeconfig: kubeconfigPath(),
        namespace: cluster.namespace,
        caches: 'weights',
        perSecond: PER_SECOND,
        during,
      })
    const whileGone = await load(async () => {
      const name = await killReplica('webhook')
      await eventually(`${name} again`, async () => ((await restarted(name)) === '1/true' ? true : undefined))
    })
    // Until the Service drops the pod, it sends calls to an address where nobody listens.
    const refused = whileGone.failures.filter(failure =>
      /connect: (connection refused|no route)/.test(failure),
    )
    const inFlight = whileGone.failures.filter(failure => !refused.includes(failure))
    console.log(
      `SIGKILL of a replica: ${whileGone.created} creates; failed: ${inFlight.length} in flight, ${refused.length} before the Service forgot it`,
    )
    // The API server was reading (EOF, reset) or still writing (broken pipe) when the process ended.
    const cutOff = /failed calling webhook.*(EOF|connection reset|broken pipe|client connection lost)/
    for (const failure of inFlight) expect(failure).toMatch(cutOff)
    expect(inFlight.length).toBeLessThanOrEqual(CONCURRENT)
    expect(whileGone.created).toBeGreaterThan(whileGone.failures.length)
    const after = await load(async () => {
      for (let turn = 0; turn < 10; turn++) await untilCreates('an annotated pod, after the kill')
    })
    expect(after.failures).toEqual([])
    await admin('delete', 'pods', '--all', '--namespace', cluster.namespace, '--wait=false', '--force')
  })

  test('with all replicas down, pods that ask for no cache are admitted, others are held, and nobody writes', async () => {
    await admin('scale', 'deployment/modelcache-webhook', '--replicas=0')
    await admin(
      'wait',
      '--for=delete',
      'pods',
      '--selector=app.kubernetes.io/component=webhook',
      '--timeout=120s',
    )
    try {
      const plain = await cluster.apply(pod({ name: 'plain' }), '--dry-run=server')
      expect(plain.code, plain.stderr).toBe(0)
      const annotated = await cluster.apply(
        pod({ name: 'asks', ...annotations('weights') }),
        '--dry-run=server',
      )
      expect(annotated.code).toBe(1)
      expect(annotated.stderr).toContain('pods.modelplane.ai')
      const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'modelcache--weights' } }]
      const containers = [{ name: 'c', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/v' }] }]
      const writer = await cluster.apply(pod({ name: 'writer' }, { containers, volumes }), '--dry-run=server')
      expect(writer.code).toBe(1)
      expect(writer.stderr).toContain('ClaimWritable')
    } finally {
      await admin('scale', 'deployment/modelcache-webhook', '--replicas=2')
      await waitForRollout(kubectl)
    }
    await untilCreates('an annotated pod, once replicas are back')
  })

  test('the Secret of the CA, installed again, and caBundle come back with what they had', async () => {
    const bundle = async () => {
      const path = 'jsonpath={.webhooks[0].clientConfig.caBundle}'
      return (await kubectl(['get', 'mutatingwebhookconfiguration/modelcache-mutating', '-o', path])).stdout
    }
    const before = await bundle()
    const signer = async () => {
      const data = [
        'get',
        'secret/modelcache-webhook-ca',
        '-n',
        SYSTEM,
        '-o',
        'jsonpath={.data.signer\\.crt}',
      ]
      return (await kubectl(data)).stdout
    }
    const signed = await signer()
    await admin('delete', 'secret/modelcache-webhook-ca')
    await admin('apply', '-f', inRepository('manifests/secret.yaml'))
    await eventually('the Secret', async () => ((await signer()) === signed ? true : undefined))
    const patch = '[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]'
    await admin('patch', 'mutatingwebhookconfiguration/modelcache-mutating', '--type=json', '-p', patch)
    await eventually('caBundle', async () => ((await bundle()) === before ? true : undefined))
    await untilCreates('an annotated pod, with the CA back')
  })
})
