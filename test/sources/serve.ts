import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { serveHub } from './hub.ts'
import { type Page, serveWeb } from './web.ts'

// Serves a hub on PORT and the next one, and pages on the one after: node serve.ts HOST PORT BYTES_PER_SECOND
// FOLDER. Repository example/model is public, example/private needs the token `right`, and nobody may read
// example/gated.

const [host = '127.0.0.1', port = '0', rate = '0', folder = ''] = process.argv.slice(2)

async function tarOf(name: string): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name }, 'x')
  tar.finalize()
  return buffer(tar)
}

const pages: Record<string, Page> = {
  '/model.gguf': { body: Buffer.alloc(3 * 2 ** 20, 'weights'), etag: '"v1"' },
  '/page': { body: Buffer.from('<html>log in</html>'), type: 'text/html; charset=utf-8' },
  '/evil.tar': { body: await tarOf('../outside'), etag: '"v1"' },
  '/busy': { status: 429, headers: { 'retry-after': '600' } },
  '/large.bin': { body: Buffer.alloc(32 * 2 ** 20, 'x'), etag: '"v1"' },
}

const hub = await serveHub({
  host,
  port: Number(port),
  ...(Number(rate) > 0 && { bytesPerSecond: Number(rate) }),
  repos: {
    'example/model': { folder },
    'example/private': { folder, tokens: ['right'] },
    'example/gated': { folder, granted: ['right'] },
  },
})
const web = await serveWeb(pages, { host, port: Number(port) + 2 })
console.log(`serving ${hub.url} and ${web.url}`)
