import { createWhile } from '../e2e/support/create-loop.ts'
import type { Sources } from '../sources/beside-node.ts'
import type { NodeBed } from '../testbed/node/node-bed.ts'
import type { Step, Telling } from './story.ts'

const GANG = ['gang-0', 'gang-0-1', 'gang-0-2']
const PER_SECOND = 20
const PODS = 'get pods --namespace modelcache-system -o custom-columns'
const WHO = `${PODS}=NAME:.metadata.name,NONROOT:.spec.securityContext.runAsNonRoot,IMAGE:.spec.containers[0].image`

const ROLLOUT =
  'rollout status deployment/modelcache-webhook deployment/modelcache-controller --namespace modelcache-system --timeout=180s'

const PHASE = 'get modelcache/llama -o jsonpath={.status.phase}'

/** The story on a real node: installation, staging a model from a hub, what real pods read, and removal. */
export function nodeSteps(
  { kubeconfig }: Pick<NodeBed, 'kubeconfig'>,
  sources: Pick<Sources, 'sums'>,
): Step[] {
  const sums = Object.values(sources.sums).toSorted()

  return [
    {
      title: 'ModelCache is installed in a cluster with a real node, from its image and its manifests',
      async tell({ show, check }) {
        const nodes = await show('get nodes -o wide')
        check('the node is Ready', / Ready /.test(nodes.stdout))
        const installed = await show('apply --server-side -k manifests/')
        check('kubectl apply -k succeeds', installed.code === 0)
        const armed = await show(ROLLOUT)
        check('both roles are rolled out, and the API server trusts the webhook', armed.code === 0)
        await show('get pods --all-namespaces')
        const { stdout } = await show(WHO)
        const rows = stdout.trim().split('\n').slice(1)
        check(
          'two webhooks and two controllers run, none of them as root',
          rows.length === 4 && rows.every(row => / true .*modelcache:/.test(row)),
        )
      },
    },
    {
      title: 'While its cache is being staged, a gang gets no pods; a pod that asks to wait, waits',
      async tell({ show, say, check, until }) {
        await show('apply -f test/demo/node/1-cache.yaml')
        await show('apply -f test/demo/node/2-consumers.yaml')
        const events =
          'get events --field-selector reason=FailedCreate,involvedObject.kind=StatefulSet -o custom-columns=MESSAGE:.message --no-headers'
        await until('an Event of the gang', events, ({ stdout }) => stdout.includes('CacheNotReady'))
        say('events of the gang:')
        const refused = await show(events)
        check('they say CacheNotReady', refused.stdout.includes('CacheNotReady'))
        const pods = await show('get pods')
        check(
          'no pod of the gang exists, and the other pod waits',
          /^waits .*SchedulingGated/m.test(pods.stdout) && !pods.stdout.includes('gang'),
        )
      },
    },
    {
      title:
        'A Job measures the source, the claim is created and bound, another Job fills it, and the cache turns Ready',
      async tell({ show, check, until }) {
        for (const phase of ['Hydrating', 'Ready']) {
          await until(phase, PHASE, ({ stdout }) => stdout === phase)
          await show('get modelcaches,persistentvolumeclaims,jobs')
        }
        const { stdout } = await show(
          'get events --field-selector involvedObject.kind=ModelCache --sort-by=.metadata.creationTimestamp -o custom-columns=REASON:.reason,MESSAGE:.message',
        )
        check(
          'Events show each phase',
          ['Resolving', 'Provisioning', 'Hydrating', 'Ready'].every(phase => stdout.includes(phase)),
        )
      },
    },
    {
      title: 'All pods read the same bytes, and none can write',
      async tell(telling) {
        const { show, check } = telling
        for (const pod of ['waits', ...GANG]) {
          const read = sumsIn(await logsOf(pod, sums.length, telling))
          check(`${pod} read what the hub serves`, read.toSorted().join() === sums.join())
        }
        await show('get pods')
        for (const pod of ['waits', 'gang-0-1']) {
          const { code, stderr } = await show(`exec ${pod} -- touch /mnt/model/mine`)
          check('the file system rejects a write', code !== 0 && stderr.includes('Read-only file system'))
        }
      },
    },
    {
      title: 'A ModelDeployment serves the cache: its pods, a Service, a budget, and a status',
      async tell({ show, check }) {
        await show('apply -f test/demo/node/3-modeldeployment.yaml')
        const { code } = await show('wait --for=condition=Available modeldeployment/chat --timeout=180s')
        check('it is Available', code === 0)
        await show('get modeldeployments,deployments,services,poddisruptionbudgets')
        const { stdout: ip } = await show('get service/chat -o jsonpath={.spec.clusterIP}')
        const served = await show(
          `exec deployment/chat -- node --eval fetch('http://${ip}:8000/config.json').then(r=>r.text()).then(console.log)`,
        )
        check('its Service gives a file of the cache', served.stdout.includes('LlamaForCausalLM'))
        await show('delete modeldeployment/chat')
      },
    },
    {
      title: 'The webhook is replaced while pods are created all the time, and no create fails',
      async tell({ show, say, check, until }) {
        const { created, failures } = await createWhile({
          kubeconfig,
          namespace: 'default',
          caches: 'llama',
          perSecond: PER_SECOND,
          during: async () => {
            await show('rollout restart deployment/modelcache-webhook --namespace modelcache-system')
            await show(
              'rollout status deployment/modelcache-webhook --namespace modelcache-system --timeout=180s',
            )
          },
        })
        say(`${created} pods were created meanwhile, ${failures.length} failed`)
        check('none failed', created > 0 && failures.length === 0)
        await until('their end', 'delete pods -l app=load --force', ({ code }) => code === 0)
      },
    },
    {
      title:
        'Pods that mount the cache block its deletion; once they are gone, everything that was created for it goes too',
      async tell({ show, check, until }) {
        const { stderr } = await show('delete modelcache/llama')
        check('CacheInUse names the pods that mount it', /CacheInUse.*gang-0/.test(stderr))
        await show('delete leaderworkerset/gang pod/waits')
        await until(
          'the end of the pods',
          'get pods -o name',
          ({ stdout }) => !/gang|waits|load|chat/.test(stdout),
        )
        const { code } = await show('delete modelcache/llama')
        check('it is deleted', code === 0)
        await until(
          'the end of its claim',
          'get persistentvolumeclaims,jobs -o name',
          ({ stdout }) => stdout === '',
        )
        const left = await show('get modelcaches,persistentvolumeclaims,jobs')
        check('nothing is left', left.stdout === '')
      },
    },
    {
      title: 'After an uninstall, it is in nobody’s way',
      async tell({ show, say, check, until }) {
        say(
          'this deletes the CRDs too, and with them every ModelCache of the cluster; docs/installation.md has the way that keeps them',
        )
        const { code } = await show('delete --ignore-not-found -k manifests/')
        check('kubectl delete -k succeeds', code === 0)
        const create =
          'run afterwards --image=modelcache.test/pause:1 --annotations=modelplane.ai/caches=llama --dry-run=server'
        await until(
          'a pod that asks for a cache, which nobody checks now',
          create,
          result => result.code === 0,
        )
        await show(create)
      },
    },
  ]
}

/** What `sha256sum` printed, without the paths. */
function sumsIn(text: string): string[] {
  return [...text.matchAll(/^([a-f0-9]{64}) /gm)].map(([, sum = '']) => sum)
}

/** The log of a pod that may not run yet. */
async function logsOf(pod: string, count: number, { until, show }: Telling): Promise<string> {
  await until(`the log of ${pod}`, `logs ${pod}`, ({ stdout }) => sumsIn(stdout).length === count)
  return (await show(`logs ${pod}`)).stdout
}
