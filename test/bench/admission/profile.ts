import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages } from '../../testbed/debian-packages.ts'
import { YOUNG_GENERATION } from '../../testbed/shipped-heap.ts'
import { writeCertificate } from './certificate.ts'
import { cpuProfile, flameGraph } from './flame-graph.ts'
import { h2load } from './h2load.ts'
import { WORKS } from './reviews.ts'
import { startServer } from './server.ts'

const SERVER = fileURLToPath(new URL('serve-ours.ts', import.meta.url))
const OUTPUT = fileURLToPath(new URL('../../../docs/admission-flame-graph.svg', import.meta.url))
const LOAD = { connections: 64, requests: 50_000 }

/** Profiles `mutate-pod`, and draws a flame graph into docs/. */
export async function profileAdmission(): Promise<void> {
  await installPackages({ 'nghttp2-client': 'h2load' }, console.log)
  await using started = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-profile-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const env = await writeCertificate(dir)
  // Node.js writes the profile when the process exits.
  const ends = 'data:text/javascript,process.on("SIGUSR2",()=>process.exit())'
  const flags = [YOUNG_GENERATION, '--cpu-prof', `--cpu-prof-dir=${dir}`, '--import', ends]
  const server = started.use(await startServer(process.execPath, [...flags, SERVER], env))
  const [work] = WORKS
  if (work === undefined) throw new Error('there is no work')
  const url = `${server.origin}${work.path}?timeout=5s`
  await h2load({ url, body: JSON.stringify(work.review), ...LOAD })
  await server.end('SIGUSR2')
  const file = (await readdir(dir)).find(name => name.endsWith('.cpuprofile')) ?? ''
  const profile = cpuProfile.parse(JSON.parse(await readFile(join(dir, file), 'utf8')))
  const title = `Where the time of a review goes: ${work.work}, ${LOAD.requests.toLocaleString('en')} times`
  await writeFile(OUTPUT, flameGraph(profile, title))
}
