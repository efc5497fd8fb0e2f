import { createWhile } from '../e2e/creates.ts'
import type { NodeBed } from '../testbed/node/node-bed.ts'
import type { Step, Telling } from './story.ts'

const GANG = ['gang-0', 'gang-0-1', 'gang-0-2']
const PER_SECOND = 20
const PODS = 'get pods --namespace modelcache-system -o custom-columns'
const WHO = `${PODS}=NAME:.metadata.name,USER:.spec.securityContext.runAsUser,IMAGE:.spec.containers[0].image`

/** The story on a real node: how it is installed, what real pods read, and how it goes again. */
export function nodeSteps({ kubeconfig }: Pick<NodeBed, 'kubeconfig'>): Step[] {
  /** The sums that the weights had when they were written, and what pods say of them. */
  const sums: string[] = []

  return [
    {
      title: 'ModelCache is installed in a cluster with a real node, from its image and its manifests',
      async tell({ show, check }) {
        const nodes = await show('get nodes -o wide')
        check('the node is Ready', / Ready /.test(nodes.stdout))
        await show('get pods --all-namespaces')
        const { stdout } = await show(WHO)
        const rows = stdout.trim().split('\n').slice(1)
        check(
          'two webhooks and two controllers run, none of them as root',
          rows.length === 4 && rows.every(row => / 65532 .*modelcache:/.test(row)),
        )
      },
    },
    {
      title: 'A gang that asks for a cache which is not Ready gets no pods; a pod that may wait, waits',
      async tell({ show, say, check, until }) {
        await show('apply -f test/demo/node/1-cache.yaml')
        await show('apply -f test/demo/node/2-consumers.yaml')
        const events =
          'get events --field-selector reason=FailedCreate,involvedObject.kind=StatefulSet -o custom-columns=MESSAGE:.message --no-headers'
        await until('an event of the gang', events, ({ stdout }) => stdout.includes('CacheNotReady'))
        say('events of the gang:')
        const refused = await show(events)
        check('they say CacheNotReady', refused.stdout.includes('CacheNotReady'))
        const pods = await show('get pods')
        check(
          'the only pod is the one that waits',
          /^waits .*SchedulingGated/m.test(pods.stdout) && !pods.stdout.includes('gang'),
        )
      },
    },
    {
      title: 'The claim is filled, and the cache turns Ready',
      async tell({ show, check, until }) {
        await show('apply -f test/demo/node/3-fill.yaml')
        await until(
          'the end of the pod that fills it',
          'get pod/fill -o jsonpath={.status.phase}',
          ({ stdout }) => stdout === 'Succeeded',
        )
        const { stdout } = await show('logs fill')
        sums.push(...sumsIn(stdout))
        check('the weights were written', sums.length === 1)
        const { code } = await show('wait --for=condition=Ready mc/llama --timeout=120s')
        check('the cache is Ready', code === 0)
        await show('get modelcaches')
      },
    },
    {
      title: 'All pods read the same bytes, and none can write',
      async tell(telling) {
        const { show, say, check } = telling
        say('(who was refused tries again with a growing delay; this can take some seconds)')
        for (const pod of ['waits', ...GANG]) {
          const read = sumsIn(await logsOf(pod, telling))
          check(`${pod} read what was written`, read.join() === sums.join())
        }
        await show('get pods')
        for (const pod of ['waits', 'gang-0-1']) {
          const { code, stderr } = await show(`exec ${pod} -- touch /mnt/model/mine`)
          check(
            'a write is refused by the file system',
            code !== 0 && stderr.includes('Read-only file system'),
          )
        }
      },
    },
    {
      title: 'The webhook is replaced while pods are created all the time, and no create fails',
      async tell({ show, say, check }) {
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
      },
    },
    {
      title: 'Uninstalled, it is in nobody’s way, and running pods keep their weights',
      async tell({ show, check, until }) {
        const { code } = await show('delete -k manifests/')
        check('kubectl delete -k succeeds', code === 0)
        const create =
          'run afterwards --image=modelcache.test/pause:1 --annotations=modelplane.ai/caches=llama --dry-run=server'
        await until(
          'a pod that asks for a cache, which nobody looks at now',
          create,
          result => result.code === 0,
        )
        const { stdout } = await show('exec gang-0 -- sha256sum /mnt/model/model.safetensors')
        check('the gang reads on', sumsIn(stdout).join() === sums.join())
      },
    },
  ]
}

/** What `sha256sum` printed, without the paths. */
function sumsIn(text: string): string[] {
  return [...text.matchAll(/^([a-f0-9]{64}) /gm)].map(([, sum = '']) => sum)
}

/** The log of a pod that may not run yet. */
async function logsOf(pod: string, { until, show }: Telling): Promise<string> {
  await until(`the log of ${pod}`, `logs ${pod}`, ({ stdout }) => sumsIn(stdout).length === 1)
  return (await show(`logs ${pod}`)).stdout
}
