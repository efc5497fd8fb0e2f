import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KINDS } from '../cluster/kinds.ts'
import { type FakeApiServer, startFakeApiServer } from './api-server.fixtures.ts'
import { listAll, listPages, pagesOf } from './list.ts'
import { collectionPath, objectPath } from './resource.ts'
import { createRest } from './rest.ts'

const KIB = 1024

let server: FakeApiServer

beforeEach(async () => {
  server = await startFakeApiServer()
})

afterEach(() => server[Symbol.asyncDispose]())

/** Puts this many namespaces of this many bytes. */
function put(count: number, bytes: number, prefix: string): void {
  for (let index = 0; index < count; index++) {
    const annotations = { note: 'x'.repeat(bytes) }
    server.put(KINDS.Namespace, { metadata: { name: `${prefix}-${index}`, annotations } as { name: string } })
  }
}

async function sizesOfPages(): Promise<number[]> {
  const sizes: number[] = []
  for await (const { items } of listPages(createRest(server.config), KINDS.Namespace)) {
    if (items.length > 1) expect(JSON.stringify(items).length).toBeLessThan(2 * KIB * KIB)
    sizes.push(items.length)
  }
  return sizes
}

const limits = () => server.listQueries.map(query => Number(query.get('limit')))

test('small objects come in ever larger pages, 500 at the most', async () => {
  put(1_500, 10, 'small')
  expect(await sizesOfPages()).toEqual([100, 400, 500, 500])
})

test('of large objects a page has as many as make a MiB', async () => {
  put(120, 100 * KIB, 'large')
  const sizes = await sizesOfPages()
  expect(sizes.reduce((sum, size) => sum + size)).toBe(120)
  // The first page was too large, so it was asked for again. After that, pages fit.
  expect(limits().slice(0, 3)).toEqual([100, 12, 10])
})

test('an object that is larger than a page comes alone, and nothing is left out or told twice', async () => {
  put(30, 10, 'small')
  put(4, 3 * KIB * KIB, 'huge')
  put(30, 10, 'tail')
  const names = (await listAll(createRest(server.config), KINDS.Namespace)).map(
    ({ metadata }) => metadata.name,
  )
  expect(names).toHaveLength(64)
  expect(new Set(names).size).toBe(64)
})

test.each([
  [true, 2],
  [false, 1],
])('with ahead: %s, %d pages are asked for while the first one is worked on', async (ahead, asked) => {
  put(300, 10, 'small')
  const rest = createRest(server.config)
  for await (const { items } of pagesOf(rest, collectionPath(KINDS.Namespace), { query: {}, ahead })) {
    expect(items).toHaveLength(100)
    // One that nobody asks for would have come before this answer.
    await rest.get(objectPath(KINDS.Namespace, undefined, 'small-0'))
    await vi.waitFor(() => expect(limits()).toHaveLength(asked))
    break
  }
})

test('what a schema does not read is not kept', async () => {
  put(3, 10 * KIB, 'noted')
  const listed = await listAll(createRest(server.config), KINDS.Namespace)
  expect(JSON.stringify(listed).length).toBeLessThan(KIB)
})

test('an object that its schema denies fails the whole list', async () => {
  server.put(KINDS.Namespace, { metadata: { name: 'odd' }, status: { phase: 7 } } as {
    metadata: { name: string }
  })
  await expect(listAll(createRest(server.config), KINDS.Namespace)).rejects.toMatchObject({
    reason: 'MalformedReply',
  })
})
