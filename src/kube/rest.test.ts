import { afterEach, beforeEach, expect, test } from 'vitest'
import { KINDS } from '../cluster/kinds.ts'
import { configFor, type FakeApiServer, startFakeApiServer } from './api-server.fixtures.ts'
import { collectionPath, objectPath } from './resource.ts'
import { createRest, isNotFound } from './rest.ts'

let server: FakeApiServer

beforeEach(async () => {
  server = await startFakeApiServer()
  server.put(KINDS.Namespace, { metadata: { name: 'team' } })
})

afterEach(() => server[Symbol.asyncDispose]())

const TEAM = '/api/v1/namespaces/team'

test('paths name group, namespace and object, escaped', () => {
  expect(collectionPath(KINDS.ModelCache)).toBe('/apis/modelplane.ai/v1alpha1/modelcaches')
  expect(objectPath(KINDS.PersistentVolumeClaim, 'a', 'b')).toBe(
    '/api/v1/namespaces/a/persistentvolumeclaims/b',
  )
  expect(objectPath(KINDS.Namespace, undefined, '../x')).toBe('/api/v1/namespaces/..%2Fx')
})

test('get gives the object', async () => {
  await expect(createRest(server.config).get(TEAM)).resolves.toMatchObject({ metadata: { name: 'team' } })
})

test('many gets, one after the other, share connections', async () => {
  const rest = createRest(server.config)
  for (let i = 0; i < 50; i += 1) await rest.get(TEAM)
  expect(server.connections()).toBeLessThanOrEqual(2)
})

test('a missing object is an ApiError with status and reason', async () => {
  const error = await failureOf(createRest(server.config).get('/api/v1/namespaces/none'))
  expect(error).toMatchObject({ status: 404, reason: 'NotFound', message: 'fake: NotFound' })
  expect(isNotFound(error)).toBe(true)
})

test.each([
  ['strategicMerge', 'application/strategic-merge-patch+json'],
  ['jsonMerge', 'application/merge-patch+json'],
] as const)('%s sends a patch of type %s with its manager', async (call, contentType) => {
  const body = { metadata: { labels: { a: 'b' } } }
  await createRest(server.config)[call](TEAM, body, { fieldManager: 'modelcache' })
  expect(server.writes).toEqual([{ contentType, query: '?fieldManager=modelcache', body }])
})

test('delete names the object that is meant, and says what becomes of its dependents', async () => {
  await createRest(server.config).delete(TEAM, { uid: 'one', propagation: 'Foreground' })
  expect(server.requests).toEqual([`DELETE ${TEAM}`])
  expect(server.writes[0]?.body).toEqual({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: 'Foreground',
    preconditions: { uid: 'one' },
  })
})

test('apply sends a server-side apply with its manager', async () => {
  await createRest(server.config).apply(
    TEAM,
    { kind: 'Namespace' },
    { fieldManager: 'modelcache', force: true },
  )
  expect(server.requests).toContain(`PATCH ${TEAM}`)
  expect(server.writes).toEqual([
    {
      contentType: 'application/apply-patch+yaml',
      query: '?fieldManager=modelcache&force=true',
      body: { kind: 'Namespace' },
    },
  ])
})

test.each([
  ['create', 'POST'],
  ['replace', 'PUT'],
] as const)('%s sends the object by %s with its manager', async (call, method) => {
  const body = { metadata: { name: 'team', resourceVersion: '7' } }
  const stored = await createRest(server.config)[call](TEAM, body, { fieldManager: 'modelcache' })
  expect(stored).toEqual(body)
  expect(server.requests).toEqual([`${method} ${TEAM}`])
  expect(server.writes).toEqual([
    { contentType: 'application/json', query: '?fieldManager=modelcache', body },
  ])
})

test('a read whose kept connection was closed is asked once more', async () => {
  server.failNext(1, { on: 'get', how: 'cut' })
  await expect(createRest(server.config).get(TEAM)).resolves.toBeDefined()
})

test('a server that does not answer in time is a Timeout', async () => {
  server.failNext(1, { on: 'get', how: 'mute' })
  const error = await failureOf(createRest(server.config).get(TEAM, { timeoutMs: 50 }))
  expect(error).toMatchObject({ status: 0, reason: 'Timeout' })
})

test('a server that is not there is Unreachable', async () => {
  const gone = server.config
  await server[Symbol.asyncDispose]()
  expect(await failureOf(createRest(gone).get(TEAM))).toMatchObject({ status: 0, reason: 'Unreachable' })
  server = await startFakeApiServer()
})

test('a reply that is not JSON is a MalformedReply, an error without Status has a reason from HTTP', async () => {
  const { createServer } = await import('node:http')
  const proxy = createServer((request, response) => {
    response.writeHead(request.url === '/bad' ? 502 : 200).end('<html>')
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const rest = createRest(configFor(`http://127.0.0.1:${port}`))
  expect(await failureOf(rest.get('/good'))).toMatchObject({ status: 0, reason: 'MalformedReply' })
  expect(await failureOf(rest.get('/bad'))).toMatchObject({ status: 502, reason: 'BadGateway' })
  proxy.closeAllConnections()
  proxy.close()
})

test('an abort of the caller rejects with its reason', async () => {
  server.failNext(1, { on: 'get', how: 'mute' })
  const reason = new Error('enough')
  const controller = new AbortController()
  const get = failureOf(createRest(server.config).get(TEAM, { signal: controller.signal }))
  controller.abort(reason)
  expect(await get).toBe(reason)
})

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('the call succeeded'),
    (error: unknown) => error,
  )
}
