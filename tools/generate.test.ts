import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CLUSTER_STATUS_REASONS } from '../src/api/inference-cluster-reasons.ts'
import { DEPLOYMENT_STATUS_REASONS } from '../src/api/modeldeployment-reasons.ts'
import { REASONS } from '../src/api/reasons.ts'
import { STATUS_REASONS } from '../src/api/status-reasons.ts'
import { GENERATED, inRepository } from './generate.ts'

test.each(GENERATED)('$path is what the code generates (npm run generate)', async ({ path, content }) => {
  expect(readFileSync(inRepository(path), 'utf8')).toBe(await content())
})

test('every reason is shown as it is told', () => {
  const [admission = '', status = ''] = ['docs/reasons.md', 'docs/status-reasons.md'].map(path =>
    readFileSync(inRepository(path), 'utf8'),
  )
  const [, ...sections] = admission.split(/^## /m)
  const named = (part: string) => [...part.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  expect(named(admission)).toEqual(Object.keys(REASONS).toSorted())
  expect(named(status)).toEqual([
    ...Object.keys(STATUS_REASONS).toSorted(),
    'InferenceClusters',
    'ModelDeployments',
  ])
  for (const reason of Object.keys({ ...CLUSTER_STATUS_REASONS, ...DEPLOYMENT_STATUS_REASONS }))
    expect(status).toContain(`| ${reason} | `)
  for (const section of sections) {
    const [reason] = section.split('\n')
    expect(section).toMatch(new RegExp(`^ {4}.*\\b${reason}:(?: |$)`, 'm'))
  }
})
