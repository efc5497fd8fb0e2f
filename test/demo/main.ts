import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startFleet } from '../e2e/support/fleet.ts'
import { startSources } from '../sources/beside-node.ts'
import { runCommand } from '../testbed/command.ts'
import { thisMachine } from '../testbed/host.ts'
import type { Kubectl } from '../testbed/kubectl.ts'
import { startNodeBed } from '../testbed/node/node-bed.ts'
import { freePort } from '../testbed/ports.ts'
import { startTestbed } from '../testbed/testbed.ts'
import { fleetSteps } from './fleet-steps.ts'
import { nodeSteps } from './node-steps.ts'
import { storySteps } from './steps.ts'
import { tellStory } from './story.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** A delay, so that there is something to see. */
const BYTES_PER_SECOND = 15 * 2 ** 20

const CACHE = `apiVersion: modelplane.ai/v1alpha1
kind: ModelCache
metadata: { name: llama }
spec:
  artifact: { source: { huggingFace: { repo: example/model, endpoint: "HUB" } } }
  mount: { path: /mnt/model }
`

/** The one binary, as a user runs it. */
const modelcache = (args: string[]) => runCommand(process.execPath, [MAIN, ...args])

const log = (line: string) => console.log(line)
const starting: Promise<Stage> = stageFor(process.argv)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end())
await using stage = await starting

/** Even during the start: what has started is awaited, so that everything can be removed, including keys. */
async function end(): Promise<void> {
  console.log('demo: stopping')
  await starting.then(stage => stage[Symbol.asyncDispose]()).catch(() => {})
  process.exit(130)
}

const passed = await tellStory(stage.steps, { kubectl: args => stage.kubectl(args), modelcache })
console.log(`\ndemo: ${passed} of ${stage.steps.length} steps passed`)
process.exitCode = passed === stage.steps.length ? 0 : 1

/** What the story runs on. */
interface Stage extends AsyncDisposable {
  steps: Parameters<typeof tellStory>[0]
  kubectl: Kubectl
}

function stageFor(argv: readonly string[]): Promise<Stage> {
  if (argv.includes('--node')) return realNode()
  return argv.includes('--fleet') ? fleet() : controlPlane()
}

async function fleet(): Promise<Stage> {
  log('three control planes start: a hub, east and west')
  const stage = await startFleet({ east: { region: 'eu' }, west: { region: 'eu' } }, '--cluster-grace=10s')
  const west = stage.members.find(({ name }) => name === 'west')
  if (west === undefined) throw new Error('there is no cluster west')
  const restartHub = async () => {
    await stage.stopHub()
    await stage.startHub()
  }
  return {
    steps: fleetSteps({ line: west.line, restartHub }),
    kubectl: ([flag = '', name = '', ...rest]) => {
      const member = flag === '--context' && stage.members.find(each => each.name === name)
      return member ? member.cluster.kubectl(rest) : stage.cluster.kubectl([flag, name, ...rest])
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

async function controlPlane(): Promise<Stage> {
  const { kubectl, stop: stopTestbed } = await startTestbed({ log })
  const port = await freePort()
  const sources = await startSources(thisMachine, { port, bytesPerSecond: BYTES_PER_SECOND })
  const folder = await mkdtemp(join(tmpdir(), 'modelcache-demo-'))
  const manifest = join(folder, 'cache.yaml')
  await writeFile(manifest, CACHE.replace('HUB', sources.hub))
  const stop = async () => {
    await sources[Symbol.asyncDispose]()
    await stopTestbed()
    await rm(folder, { recursive: true, force: true })
  }
  return {
    steps: storySteps({ manifest, folder: join(folder, 'models') }),
    kubectl,
    [Symbol.asyncDispose]: stop,
  }
}

async function realNode(): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-demo-'))
  const remove = () => rm(dir, { recursive: true, force: true })
  const bed = await startNodeBed({ dir, log, install: false }).catch(async error => {
    await remove()
    throw error
  })
  const sources = await startSources(bed.sandbox, { bytesPerSecond: BYTES_PER_SECOND })
  const stop = async () => {
    await sources[Symbol.asyncDispose]()
    await bed.stop()
    await remove()
  }
  return { steps: nodeSteps(bed, sources), kubectl: bed.kubectl, [Symbol.asyncDispose]: stop }
}
