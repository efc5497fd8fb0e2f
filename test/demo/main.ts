import { startTestbed } from '../testbed/testbed.ts'
import { steps } from './steps.ts'
import { tellStory } from './story.ts'

const testbed = await startTestbed({ log: line => console.log(line) })
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void testbed.stop().finally(() => process.exit(130)))
}
let passed = 0
try {
  passed = await tellStory(steps, args => testbed.kubectl(args))
} finally {
  await testbed.stop()
}
console.log(`\ndemo: ${passed} of ${steps.length} steps passed`)
process.exitCode = passed === steps.length ? 0 : 1
