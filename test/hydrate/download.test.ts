import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { openDownload } from '../../src/hydrate/fetch/download.ts'
import { createHttp } from '../../src/hydrate/fetch/http.ts'
import { type Page, serveWeb, type Web } from '../sources/web.ts'
import { reasonOf } from './support/stage-in-process.ts'

const FILE = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
const { signal } = new AbortController()
const webs: Web[] = []

afterEach(async () => {
  for (const web of webs.splice(0)) await web[Symbol.asyncDispose]()
})

async function download(page: Partial<Page>, part: { from: number; to?: number }, size = FILE.length) {
  const web = await serveWeb({ '/f': { body: FILE, ...page } })
  webs.push(web)
  const options = { http: createHttp(), url: `${web.url}/f`, size, isVerified: true }
  const { from, content } = await openDownload(options, part, signal)
  return {
    from,
    bytes: await buffer(Readable.from(content)),
    requests: web.requests.map(({ range }) => range),
  }
}

describe('a part of a file', () => {
  test.each<[{ from: number; to?: number }, string | undefined]>([
    [{ from: 0 }, undefined],
    [{ from: 5 }, 'bytes=5-'],
    [{ from: 0, to: 9 }, 'bytes=0-8'],
    [{ from: 100_000, to: 200_000 }, 'bytes=100000-199999'],
    [{ from: 299_999, to: 300_000 }, 'bytes=299999-299999'],
  ])('%j is asked for as %s, and is what comes', async (part, range) => {
    const { from, bytes, requests } = await download({}, part)
    expect(from).toBe(part.from)
    expect(bytes.equals(FILE.subarray(part.from, part.to))).toBe(true)
    expect(requests).toEqual([range])
  })

  test('that is empty costs no request', async () => {
    expect(await download({}, { from: 7, to: 7 })).toEqual({ from: 7, bytes: Buffer.alloc(0), requests: [] })
  })

  test('of a server that knows no ranges begins at the front, and ends where it was asked to', async () => {
    const { from, bytes } = await download({ ranges: false }, { from: 100_000, to: 200_000 })
    expect(from).toBe(0)
    expect(bytes.equals(FILE.subarray(0, 200_000))).toBe(true)
  })

  test('that is not there is no success', async () => {
    const web = await serveWeb({})
    webs.push(web)
    const options = { http: createHttp(), url: `${web.url}/gone` }
    expect(await reasonOf(openDownload(options, { from: 0, to: 9 }, signal))).toBe('SourceNotFound')
  })
})

test('a connection that others leave behind is given up, and the next one goes on where it was', async () => {
  const large = Buffer.alloc(8 * 2 ** 20, 'weights ')
  const ranges: (string | undefined)[] = []
  const server = createServer(async (request, response) => {
    const [, from = '0'] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? []
    const body = large.subarray(Number(from))
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      'content-length': body.length,
      'content-range': `bytes ${from}-${large.length - 1}/${large.length}`,
    })
    if (request.url !== '/slow') return void response.end(body)
    ranges.push(request.headers.range)
    if (ranges.length > 1) return void response.end(body)
    // A tenth of a MiB in each second, until somebody has enough of it.
    for (let at = 0; !response.destroyed; at += 100_000) {
      response.write(body.subarray(at, at + 100_000))
      await pause(1_000)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const http = createHttp()
  const fetched = async (path: string) => {
    const options = { http, url: `http://127.0.0.1:${port}${path}`, size: large.length, isVerified: true }
    return buffer(Readable.from((await openDownload(options, { from: 0 }, signal)).content))
  }
  for (let index = 0; index < 4; index++) await fetched('/fast')
  expect((await fetched('/slow')).equals(large)).toBe(true)
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)])
  server.closeAllConnections()
  server.close()
}, 60_000)
