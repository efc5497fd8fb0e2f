import { createServer } from 'node:https'
import { certificate } from './certificate.ts'

// The least that a webhook can do: it parses the review, and answers with its uid.

const server = createServer(certificate(), (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { apiVersion, kind, request } = JSON.parse(Buffer.concat(chunks).toString())
    const answer = JSON.stringify({ apiVersion, kind, response: { uid: request.uid, allowed: true } })
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer),
    })
    response.end(answer)
  })
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address !== 'string') process.stdout.write(`ready ${address.port}\n`)
})
