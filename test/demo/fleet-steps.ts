import type { TcpProxy } from '../testbed/tcp-proxy.ts'
import type { Step, Telling } from './story.ts'

const CACHE = 'modelcache/llama'
const READY_FILE = '--patch-file=test/demo/fleet/ready.yaml'
const STATUS = `get ${CACHE} -o jsonpath={.status.replicas}`
const WEST = `get ${CACHE} -o jsonpath={.status.clusters[?(@.name=="west")].phase}`
const SHARES = 'get modeldeployment/chat -o jsonpath={.status.clusters[*].replicas}'
const READY = `get ${CACHE} -o jsonpath={.status.conditions[?(@.type=="Ready")].status}`

export interface FleetStage {
  /** The line from the hub to cluster west. */
  line: Pick<TcpProxy, 'refuse' | 'resume'>
  /** Ends the hub, and starts another one. */
  restartHub(): Promise<void>
}

/** The story of a hub and two clusters, east and west, each a control plane with ModelCache in it. */
export const fleetSteps = ({ line, restartHub }: FleetStage): Step[] => [
  {
    title: 'Two clusters are registered at a hub, which looks at them',
    async tell({ show, check }) {
      const { stdout } = await show('get inferenceclusters -o wide --show-labels')
      check('both are Ready', (stdout.match(/ True /g) ?? []).length === 2)
    },
  },
  {
    title: 'One ModelCache goes to the clusters that its selector selects, and nothing is staged at the hub',
    async tell({ show, check, until }) {
      const { code } = await show('apply -f test/demo/fleet/cache.yaml')
      check('it is accepted', code === 0)
      for (const name of ['east', 'west'])
        await until(`a copy in ${name}`, `--context ${name} get ${CACHE}`, found => found.code === 0)
      await show(`--context east get ${CACHE} --show-labels`)
      await until('its status', STATUS, ({ stdout }) => stdout === '0/2')
      await show(`get ${CACHE}`)
      const claims = await show('get pvc')
      check('the hub has no claim', claims.stdout === '')
    },
  },
  {
    title: 'It is Ready once both clusters have it',
    async tell(telling) {
      const { show, check, until } = telling
      telling.say('these control planes have no nodes, so the story says what the controllers would say:')
      await staged('east', telling)
      await until('one of two', STATUS, ({ stdout }) => stdout === '1/2')
      await show(`get ${CACHE}`)
      await staged('west', telling)
      const { code } = await show(`wait --for=condition=Ready --timeout=60s ${CACHE}`)
      check('kubectl wait waits for all of them', code === 0)
      await show(`get ${CACHE}`)
    },
  },
  {
    title: 'A ModelDeployment is split over the clusters that have its cache',
    async tell({ show, check, until }) {
      const { code } = await show('apply -f test/demo/fleet/deployment.yaml')
      check('it is accepted', code === 0)
      await until('the shares', SHARES, ({ stdout }) => stdout === '2 2')
      for (const name of ['east', 'west'])
        await until(
          `its Deployment in ${name}`,
          `--context ${name} get deployment/chat`,
          found => found.code === 0,
        )
      await show('get modeldeployment/chat')
    },
  },
  {
    title:
      'The line to west is cut, and the hub is started again: the cache stays Ready, and east serves for west',
    async tell({ show, say, check, until }) {
      line.refuse()
      say('the hub looks within a minute')
      await until('west to be Unknown', WEST, ({ stdout }) => stdout === 'Unknown')
      await until('the shares after the time of grace', SHARES, ({ stdout }) => stdout === '4 2')
      await restartHub()
      await show(`get ${CACHE} -o jsonpath={.status.clusters[*].name}{"\\n"}{.status.clusters[*].phase}`)
      const { stdout } = await show(READY)
      check('it is still Ready', stdout === 'True')
      line.resume()
      await until('west to answer', WEST, ({ stdout }) => stdout === 'Ready')
      await until('its share', SHARES, ({ stdout }) => stdout === '2 2')
      await show('describe modeldeployment/chat')
    },
  },
  {
    title: 'A cluster that is no longer selected loses its copy, but not before the last pod that mounts it',
    async tell({ show, check, until }) {
      await show('--context west apply -f test/demo/fleet/pod.yaml')
      await show('label --overwrite inferencecluster/west region=us')
      const why = `get ${CACHE} -o jsonpath={.status.clusters[?(@.name=="west")].message}`
      await until('the reason', why, ({ stdout }) => stdout.includes('CacheInUse'))
      await show(why)
      await show('--context west delete pod/engine --grace-period=0 --force')
      await until('the copy to go', `--context west get ${CACHE}`, found => found.code !== 0)
      const { stdout } = await show(`get ${CACHE}`)
      check('one cluster is left, and it has it', / 1\/1 /.test(stdout))
    },
  },
  {
    title: 'What is deleted takes its copies along',
    async tell({ show, check, until }) {
      await show('delete modeldeployment/chat --timeout=60s')
      const pods = '--context east get pods -o name'
      await until('the pods in east to end', pods, ({ stdout }) => stdout === '')
      const { code } = await show(`delete ${CACHE} --timeout=60s`)
      check('it is gone', code === 0)
      const copy = await show(`--context east get ${CACHE}`)
      check('and so is the copy', copy.stderr.includes('NotFound'))
    },
  },
]

async function staged(cluster: string, { show }: Telling): Promise<void> {
  await show(`--context ${cluster} patch ${CACHE} --subresource=status --type=merge ${READY_FILE}`)
}
