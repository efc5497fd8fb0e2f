import { expect, it } from 'vitest'
import { planBuild } from './build-plan.ts'
import { isOlder } from './go.ts'

it.each([
  ['1.26.8', '1.26.0', false],
  ['1.26', '1.26.0', false],
  ['1.27rc1', '1.26.0', false],
  ['1.9', '1.26.0', true],
  ['1.25.11', '1.26.0', true],
  ['1.26.0', '1.26.1', true],
])('Go %s against %s: older is %s', (found, wanted, older) => {
  expect(isOlder(found, wanted)).toBe(older)
})

it('takes the version of Kubernetes from go.mod', async () => {
  const plan = await planBuild({ name: 'nothing', module: '.', packages: {}, duration: 'no time' })
  expect(plan.flags.join(' ')).toMatch(/gitVersion=v(\d+)\.(\d+)\.\d+ -X \S+gitMajor=\1 -X \S+gitMinor=\2$/)
  expect(plan.target).toMatch(/[0-9a-f]{16}$/)
})
