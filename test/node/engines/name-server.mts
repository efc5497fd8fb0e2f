// Answers questions for the addresses of pods, from a file of lines `NAME ADDRESS`: the node of the tests has no
// DNS. Usage: node name-server.mts ADDRESS FILE
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'

const [, , address = '', file = ''] = process.argv
const HEADER = 12
const TYPE_A = 1

/** The name in a question, and where it ends (RFC 1035, 4.1.2). */
function nameIn(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = HEADER
  while (at < query.length && query.readUInt8(at) > 0) {
    const length = query.readUInt8(at)
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.'), end: at + 1 }
}

function answerTo(query: Buffer): Buffer {
  const { name, end } = nameIn(query)
  const lines = readFileSync(file, 'utf8').split('\n')
  const found = lines.find(line => line.startsWith(`${name} `))?.slice(name.length + 1)
  const isAnswered = found !== undefined && query.readUInt16BE(end) === TYPE_A
  const header = Buffer.from(query.subarray(0, HEADER))
  // A reply, without an error, or because nobody has that name (RFC 1035, 4.1.1).
  header.writeUInt16BE(found === undefined ? 0x8183 : 0x8180, 2)
  for (const [index, count] of [1, isAnswered ? 1 : 0, 0, 0].entries())
    header.writeUInt16BE(count, 4 + 2 * index)
  const parts = [header, query.subarray(HEADER, end + 4)]
  if (isAnswered)
    parts.push(Buffer.from([0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, ...found.split('.').map(Number)]))
  return Buffer.concat(parts)
}

const socket = createSocket('udp4')
socket.on('message', (query, from) => socket.send(answerTo(query), from.port, from.address))
socket.bind(53, address)
