import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'

const FOLDER = new URL('.', import.meta.url)

interface Import {
  from: string
  to: string
}

/** Files that only tests import: builders and stand-ins. */
const isTestHelp = (file: string) => /(^|\/)([a-z-]+\.)?fixtures\.ts$/.test(file)

const files = globSync('**/*.{ts,js}', { cwd: FOLDER }).filter(file => !file.endsWith('.test.ts'))
const imports: Import[] = files.flatMap(from =>
  importsOf(readFileSync(new URL(from, FOLDER), 'utf8')).map(to => ({
    from,
    to: posix.join(posix.dirname(from), to),
  })),
)
const ofProduct = imports.filter(({ from }) => !isTestHelp(from))

/** The relative paths that a file imports, including types. */
function importsOf(source: string): string[] {
  const statements = source.matchAll(/^(?:import|export)\s+(?:[\w$*\s{},]*?\sfrom\s+)?['"](\.[^'"]+)['"]/gm)
  const calls = source.matchAll(/\bimport\(\s*['"](\.[^'"]+)['"]/g)
  return [...statements, ...calls].flatMap(([, path]) => (path === undefined ? [] : [path]))
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : file
}

const show = ({ from, to }: Import) => `${from} imports ${to}`

/** What the files of each folder may import, in addition to one another. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  api: [],
  kube: ['backoff.ts', 'deadline.ts', 'json-bytes.ts'],
  process: [],
  storage: ['api'],
  injection: ['api'],
  cluster: ['api', 'kube'],
  certs: ['api', 'kube'],
  deployment: ['api', 'injection'],
  admission: ['api', 'deployment', 'injection', 'storage'],
  view: ['admission', 'api', 'cluster', 'deadline.ts', 'kube'],
  hydrate: ['api', 'backoff.ts'],
  review: ['admission', 'api', 'cluster', 'deployment', 'injection', 'kube', 'storage'],
  inspect: ['admission', 'api', 'injection', 'kube'],
  controller: ['api', 'backoff.ts', 'cluster', 'deployment', 'injection', 'kube', 'storage'],
  hub: ['api', 'cluster', 'controller', 'kube', 'storage'],
  server: ['admission', 'api', 'deadline.ts', 'json-bytes.ts', 'process', 'view'],
  commands: [
    'admission',
    'api',
    'certs',
    'cluster',
    'controller',
    'hub',
    'hydrate',
    'inspect',
    'kube',
    'process',
    'review',
    'server',
    'view',
  ],
}

describe('dependencies point inwards:', () => {
  test('every folder has a row', () => {
    const folders = new Set(files.filter(file => file.includes('/')).map(folderOf))
    expect([...folders].toSorted()).toEqual(Object.keys(ALLOWED).toSorted())
  })

  test('the map in docs/architecture.md says the same', () => {
    const map = readFileSync(new URL('../docs/architecture.md', FOLDER), 'utf8')
    const rows = [...map.matchAll(/^\| `src\/(\w+)\/` \| .* \| (.*) \|$/gm)]
    const shown = Object.fromEntries(rows.map(([, folder, names]) => [folder, names]))
    const { commands, ...others } = ALLOWED
    expect(commands).toBeDefined()
    expect(shown).toEqual({
      ...Object.fromEntries(
        Object.entries(others).map(([folder, names]) => [folder, names.join(', ') || 'nothing']),
      ),
      commands: 'all of them',
    })
  })

  test.each(Object.entries(ALLOWED))('%s imports of src only itself and %j', (folder, allowed) => {
    const its = ofProduct.filter(({ from }) => folderOf(from) === folder)
    expect(its.length).toBeGreaterThan(0)
    expect(its.filter(({ to }) => ![folder, ...allowed].includes(folderOf(to))).map(show)).toEqual([])
  })

  test('main.ts alone imports commands: neither server nor controller, cluster or certs do', () => {
    const outside = imports.filter(
      ({ from, to }) => folderOf(to) === 'commands' && folderOf(from) !== 'commands',
    )
    expect(outside.length).toBeGreaterThan(0)
    expect(outside.filter(({ from }) => from !== 'main.ts').map(show)).toEqual([])
  })

  test('main.ts is imported by nobody', () => {
    expect(imports.filter(({ to }) => to === 'main.ts').map(show)).toEqual([])
  })

  test.each(['admission', 'api', 'injection', 'review', 'storage'])('%s does no I/O of its own', folder => {
    const io = /from 'node:(fs|http|https|net|tls|child_process|dns)|from '(undici|fastify|pino|@kubernetes)/
    const offenders = files
      .filter(file => folderOf(file) === folder)
      .filter(file => io.test(readFileSync(new URL(file, FOLDER), 'utf8')))
    expect(offenders).toEqual([])
  })

  test.each(['steps', 'job', 'objects'])(
    '%s of the controller knows no cluster, only what was seen',
    room => {
      const its = ofProduct.filter(({ from }) => from.startsWith(`controller/modelcache/${room}/`))
      expect(its.length).toBeGreaterThan(0)
      expect(its.filter(({ to }) => ['kube', 'cluster'].includes(folderOf(to))).map(show)).toEqual([])
    },
  )

  test('within hydrate nothing points up: from the volume to sources, or from fetching to either', () => {
    const floors: Record<string, readonly string[]> = {
      'hydrate/fetch/': ['hydrate/sources/', 'hydrate/archive/', 'hydrate/volume/'],
      'hydrate/sources/': ['hydrate/archive/', 'hydrate/volume/'],
    }
    const up = ofProduct.filter(({ from, to }) =>
      Object.entries(floors).some(
        ([floor, above]) => from.startsWith(floor) && above.some(room => to.startsWith(room)),
      ),
    )
    expect(up.map(show)).toEqual([])
  })

  test('commands alone read the environment as their module is loaded', () => {
    const offenders = files.filter(
      file =>
        folderOf(file) !== 'commands' &&
        /^(const|let) .*process\.env/m.test(readFileSync(new URL(file, FOLDER), 'utf8')),
    )
    expect(offenders).toEqual([])
  })

  test('what is for tests alone stays with tests', () => {
    expect(ofProduct.filter(({ to }) => isTestHelp(to)).map(show)).toEqual([])
  })

  test('every relative import is of a file that exists', () => {
    expect(imports.filter(({ to }) => !files.includes(to)).map(show)).toEqual([])
  })
})

test.each([
  ["import { a } from './a.ts'", ['./a.ts']],
  ["import type { a } from '../b/a.ts'", ['../b/a.ts']],
  ["import {\n  a,\n  type B,\n} from './a.ts'", ['./a.ts']],
  ["import './a.ts'", ['./a.ts']],
  ["export { a } from './a.ts'\nexport const x = './no.ts'", ['./a.ts']],
  ["const a = await import('./a.ts')", ['./a.ts']],
  ["import { z } from 'zod'\nimport x from './x.ts'", ['./x.ts']],
])('the imports of %j are read', (source, expected) => {
  expect(importsOf(source)).toEqual(expected)
})
