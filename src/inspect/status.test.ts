import { expect, test } from 'vitest'
import { aCondition, aModelCache, aReadyCache } from '../api/fixtures.ts'
import { statusTable } from './status.ts'

const print = (...caches: Parameters<typeof statusTable>[0]) =>
  statusTable(caches, [], { everywhere: false, now: 0 })

test('a cluster alone has no column for others', () => {
  expect(print(aReadyCache())).toMatch(/^NAME +PHASE +PROGRESS +SIZE +PODS +AGE\n/)
})

test('of a cache on several clusters, those that lack it are named, in words that are safe to print', () => {
  const ready = aCondition('Ready', 'False', { reason: 'CopiesNotReady', message: '1 of 3 clusters' })
  const entry = (name: string, phase: string, isReady: boolean, message: string) => ({
    ...{ name, phase, ready: isReady, message },
  })
  const printed = print(
    aModelCache({
      status: {
        phase: 'Hydrating',
        replicas: '1/3',
        conditions: [ready],
        clusters: [
          entry('east', 'Ready', true, 'it is there'),
          entry('south', 'Unknown', true, 'not reached'),
          entry('west', 'Hydrating', false, 'a\u001b[31m\nb'),
        ],
      },
    }),
    aReadyCache({ name: 'other' }),
  )
  expect(printed).toMatch(/^NAME +PHASE +PROGRESS +SIZE +CLUSTERS +PODS +AGE\n/)
  expect(printed).toMatch(/^llama +Hydrating +- +- +1\/3 /m)
  expect(printed).toMatch(/^other +Ready +- +- +- /m)
  expect(printed).toContain('\nllama: CopiesNotReady: 1 of 3 clusters\n')
  expect(printed).toContain('\nllama in south: Unknown: not reached\n')
  expect(printed).toMatch(/\nllama in west: Hydrating: a\\u\{1b\}\[31m b\n$/)
  expect(printed).not.toContain('in east')
})

test('of many clusters, some are named', () => {
  const clusters = Array.from({ length: 14 }, (_, index) => ({
    name: `c${index}`,
    phase: 'Pending',
    ready: false,
  }))
  const printed = print(aModelCache({ status: { replicas: '0/14', clusters } }))
  expect(printed.match(/llama in /g)).toHaveLength(10)
  expect(printed).toMatch(/\n4 more clusters\n$/)
})
