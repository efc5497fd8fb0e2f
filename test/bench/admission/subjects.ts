import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheRoot } from '../../testbed/cache.ts'
import { runCommand } from '../../testbed/command.ts'
import { npmPackage } from '../../testbed/npm-package.ts'
import { YOUNG_GENERATION } from '../../testbed/shipped-heap.ts'
import type { Work } from './reviews.ts'

export const OURS = 'modelcache webhook'
export const BARE = 'bare'
/** https://www.npmjs.com/package/pepr */
const PEPR = '1.1.4'

/** A server to measure. */
export interface Subject {
  name: string
  command: string
  args: readonly string[]
  /** Whether it decides. If not, it only echoes the uid. */
  decides: boolean
  /** The path for reviews, if it differs from ours. */
  path?: string
  /** About how many requests it answers in a second, so that each round takes about the same time. */
  perSecond: number
  works(work: Work): boolean
}

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Lists all servers. It builds the one in Go first. */
export async function subjects(certificates: string): Promise<Subject[]> {
  const node = { command: process.execPath, works: () => true }
  return [
    {
      ...node,
      name: OURS,
      args: [YOUNG_GENERATION, pathOf('serve-ours.ts')],
      decides: true,
      perSecond: 5_000,
    },
    { ...node, name: BARE, args: [pathOf('serve-bare.ts')], decides: false, perSecond: 12_000 },
    {
      name: 'controller-runtime',
      command: await buildGo(),
      args: [certificates],
      decides: true,
      perSecond: 1_500,
      works: ({ path }) => path === '/mutate-pods',
    },
    {
      name: 'pepr',
      command: process.execPath,
      args: [pathOf('serve-pepr.js'), await npmPackage('pepr', PEPR)],
      decides: true,
      perSecond: 600,
      path: '/mutate/pods',
      works: ({ name }) => name === 'mutate-pod',
    },
  ]
}

/** Builds the webhook on controller-runtime. Returns the program. */
export async function buildGo(): Promise<string> {
  const folder = join(cacheRoot(), 'bench')
  await mkdir(folder, { recursive: true })
  const output = join(folder, 'controller-runtime')
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' }
  const { code, stderr } = await runCommand('go', ['build', '-o', output, '.'], {
    cwd: pathOf('controller-runtime'),
    env,
  })
  if (code !== 0) throw new Error(`the webhook on controller-runtime cannot be built: ${stderr}`)
  return output
}
