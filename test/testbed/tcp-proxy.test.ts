import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

let echo: Server
let proxy: TcpProxy
let clients: { socket: Socket; heard: () => string }[]

beforeEach(async () => {
  clients = []
  echo = createServer(socket => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const { port } = echo.address() as AddressInfo
  proxy = await startTcpProxy(port)
})

afterEach(async () => {
  for (const { socket } of clients) socket.destroy()
  await proxy[Symbol.asyncDispose]()
  echo.close()
})

test('forwards both ways', async () => {
  const client = open()
  client.socket.write('hello')
  await until(() => expect(client.heard()).toBe('hello'))
  expect(proxy.connections()).toBe(1)
})

test('a connection that is frozen stays open and silent, others work, and what was held back comes in the end', async () => {
  const frozen = await opened()
  proxy.freeze('open')
  frozen.socket.write('late')
  const other = open()
  other.socket.write('soon')
  await until(() => expect(other.heard()).toBe('soon'))
  expect(frozen.heard()).toBe('first')
  expect(frozen.socket.destroyed).toBe(false)

  proxy.resume()
  await until(() => expect(frozen.heard()).toBe('firstlate'))
})

test('with all frozen new connections are taken and not served either', async () => {
  await opened()
  proxy.freeze('all')
  const later = open()
  later.socket.write('late')
  await until(() => expect(proxy.connections()).toBe(2))
  expect(later.heard()).toBe('')
  proxy.resume()
  await until(() => expect(later.heard()).toBe('late'))
})

test('a cut breaks what is open and nothing else', async () => {
  const { socket } = await opened()
  proxy.cut()
  await until(() => expect(socket.destroyed).toBe(true))
  await opened()
})

test('while it denies, no connection lasts', async () => {
  proxy.refuse()
  const { socket } = open()
  await until(() => expect(socket.destroyed).toBe(true))
  expect(proxy.connections()).toBe(0)
  proxy.resume()
  await opened()
})

test('an end on one side ends the other', async () => {
  const { socket } = await opened()
  socket.destroy()
  await until(() => expect(proxy.connections()).toBe(0))
})

function open() {
  let heard = ''
  const socket = connect(proxy.port, '127.0.0.1')
  socket.setEncoding('utf8')
  socket.on('data', text => {
    heard += text
  })
  socket.on('error', () => {})
  const client = { socket, heard: () => heard }
  clients.push(client)
  return client
}

async function opened() {
  const client = open()
  client.socket.write('first')
  await until(() => expect(client.heard()).toBe('first'))
  return client
}

async function until(condition: () => void): Promise<void> {
  await vi.waitFor(condition, { timeout: 10_000, interval: 5 })
}
