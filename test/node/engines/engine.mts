// A stand-in for engines, for tests of gangs. It writes down its words and its environment, joins as the
// launcher of the engine would, and serves the files of its model, but it infers nothing.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { fileURLToPath } from 'node:url'

const [, , program = '', ...words] = process.argv
const RAY = 6379
const RENDEZVOUS = 29_501
/** How many pods have joined Ray. */
const COUNT = '/tmp/joined'

/** The value of a flag. */
function value(name: string): string {
  for (const [index, word] of words.entries()) {
    if (word === name) return words[index + 1] ?? ''
    if (word.startsWith(`${name}=`)) return word.slice(name.length + 1)
  }
  return ''
}

const starts = (...names: string[]) => names.every((name, index) => words[index] === name)

/** Whether the model can be written to, and whether its scratch folder can. */
function tryWrites(model: string): void {
  const writes = Object.fromEntries(
    ['', 'locks/'].map(folder => {
      try {
        writeFileSync(`${model}/${folder}mine`, 'x')
        return [folder, 'written']
      } catch (error) {
        return [folder, error instanceof Error && 'code' in error ? error.code : String(error)]
      }
    }),
  )
  console.log(JSON.stringify({ writes }))
}

function serve(model: string): void {
  tryWrites(model)
  http
    .createServer((request, response) => {
      if (request.url === '/health') response.end('ok')
      else response.end(readFileSync(`${model}${request.url}`))
    })
    .listen(8000)
}

/** Where the pods of a gang meet. A worker stays connected, and ends when it loses its leader. */
function lead(host: string, port: number, onJoin: (joined: number) => void): void {
  let joined = 0
  net.createServer(() => onJoin(++joined)).listen(port, host)
}

function join(host: string, port: number): void {
  let isJoined = false
  const socket = net.connect(port, host, () => {
    isJoined = true
    console.log(`joined ${host}:${port}`)
  })
  socket.on('error', () => undefined)
  socket.on('close', () => (isJoined ? process.exit(1) : setTimeout(join, 500, host, port)))
}

function gang(host: string, port: number, model: string): void {
  const others = Number(value('--nnodes')) - 1
  if (Number(value('--node-rank')) > 0) {
    tryWrites(model)
    join(host, port)
  } else
    lead(host, port, joined => {
      console.log(`${joined} of ${others} workers have joined`)
      if (joined === others) serve(model)
    })
}

function vllm(): void {
  const isWorker = Number(value('--node-rank')) > 0
  if (isWorker !== words.includes('--headless')) throw new Error('workers are headless, and leaders are not')
  // vLLM up to 0.12 binds to what it is given, and ZeroMQ binds to addresses only.
  if (!isWorker && net.isIP(value('--master-addr')) === 0) throw new Error('the leader wants an address')
  gang(value('--master-addr'), RENDEZVOUS, value('--model'))
}

function sglang(): void {
  const [host = '', port] = value('--dist-init-addr').split(':')
  gang(Number(value('--node-rank')) === 0 ? '0.0.0.0' : host, Number(port), value('--model-path'))
}

function vllmServer(): void {
  if (value('--distributed-executor-backend') !== 'ray') throw new Error('it needs Ray')
  serve(value('--model'))
}

function countOfRay(): void {
  const [joined, size] = [Number(readFileSync(COUNT, 'utf8')), Number(process.env.LWS_GROUP_SIZE)]
  console.log(`${joined} of ${size} pods have joined Ray`)
  process.exitCode = joined < size ? 1 : 0
}

function startRay(): void {
  writeFileSync(COUNT, '1')
  spawn(process.execPath, [fileURLToPath(import.meta.url), 'raylet'], {
    detached: true,
    stdio: 'ignore',
  }).unref()
}

function joinRay(): void {
  tryWrites('/mnt/model')
  const [host = '', port] = value('--address').split(':')
  join(host, Number(port))
}

const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^(LWS|MODELCACHE)_/.test(name)),
)
console.log(JSON.stringify({ words, environment }))
process.on('SIGTERM', () => process.exit(0))

if (program === 'vllm' && starts('serve')) vllm()
else if (program === 'python3' && starts('-m', 'sglang.launch_server')) sglang()
else if (program === 'python3' && starts('-m', 'vllm.entrypoints.openai.api_server')) vllmServer()
else if (program === 'python3' && words[1]?.includes('ray.nodes()')) countOfRay()
else if (program === 'ray' && starts('start', '--head')) startRay()
else if (program === 'ray' && starts('start')) joinRay()
// The first node is the head itself.
else if (program === 'raylet') lead('0.0.0.0', RAY, joined => writeFileSync(COUNT, String(joined + 1)))
else throw new Error(`no engine has the words ${program} ${words.join(' ')}`)
