import { describe, expect, test } from 'vitest'
import type { Kind } from '../api/kinds.ts'
import { parseObject } from '../kube/resource.ts'
import { KINDS } from './kinds.ts'
import { LARGEST } from './largest.fixtures.ts'

/** Bytes of JSON, about as much as it takes in memory. docs/operations.md states this figure. */
const MAX_KEPT = 48 * 1024

describe('of the largest object that anybody may store, little is kept:', () => {
  test.each(Object.keys(LARGEST) as Kind[])('%s', kind => {
    const given = LARGEST[kind]('largest')
    const { data, error } = parseObject<{ metadata: { name: string } }>(KINDS[kind], given)
    expect(error).toBeUndefined()
    expect(JSON.stringify(data).length).toBeLessThan(MAX_KEPT)
  })
})
