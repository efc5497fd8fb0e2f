import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNodeBed } from '../testbed/node/node-bed.ts'
import { startTestbed } from '../testbed/testbed.ts'
import { nodeSteps } from './node-steps.ts'
import { steps } from './steps.ts'
import { tellStory } from './story.ts'

const log = (line: string) => console.log(line)
await using stage = await (process.argv.includes('--node') ? realNode() : controlPlane())
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stage[Symbol.asyncDispose]().finally(() => process.exit(130)))
}
const passed = await tellStory(stage.steps, args => stage.kubectl(args))
console.log(`\ndemo: ${passed} of ${stage.steps.length} steps passed`)
process.exitCode = passed === stage.steps.length ? 0 : 1

async function controlPlane() {
  const { kubectl, stop } = await startTestbed({ log })
  return { steps, kubectl, [Symbol.asyncDispose]: stop }
}

async function realNode() {
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-demo-'))
  const remove = () => rm(dir, { recursive: true, force: true })
  const bed = await startNodeBed({ dir, log }).catch(async error => {
    await remove()
    throw error
  })
  const stop = () => bed.stop().then(remove)
  return { steps: nodeSteps(bed), kubectl: bed.kubectl, [Symbol.asyncDispose]: stop }
}
