import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { type Binaries, ensureBinaries } from '../../testbed/binaries.ts'
import { startFleet } from './fleet.ts'

const named = z.array(z.looseObject({ name: z.string() })).length(1)
const config = z.looseObject({ clusters: named, users: named })

/** A hub and two registered clusters that stay up, as `make up CLUSTERS=3` starts them. */
export interface FleetBed {
  readonly binaries: Binaries
  readonly dir: string
  /** The API server of the hub. */
  readonly server: string
  /** A kubeconfig with the contexts hub, east and west. */
  readonly kubeconfig: string
  stop(): Promise<void>
}

/** Starts one, with its kubeconfig and the logs of the hub in `dir`. */
export async function startFleetBed({
  dir,
  log,
}: {
  dir: string
  log: (line: string) => void
}): Promise<FleetBed> {
  const binaries = await ensureBinaries(log)
  await mkdir(join(dir, 'log'), { recursive: true })
  log('three control planes start: a hub, east and west')
  const fleet = await startFleet({ east: { region: 'eu' }, west: { region: 'eu' } })
  const planes = [
    { name: 'hub', plane: fleet.plane },
    ...fleet.members.map(({ name, plane }) => ({ name, plane })),
  ]
  const parts = await Promise.all(
    planes.map(async ({ name, plane }) => {
      log(`cluster ${name}: data and logs in ${plane.dir}`)
      const { clusters, users } = config.parse(parse(await readFile(plane.controlPlane.kubeconfig, 'utf8')))
      return { name, cluster: { ...clusters[0], name }, user: { ...users[0], name } }
    }),
  )
  const kubeconfig = join(dir, 'fleet.kubeconfig')
  await writeFile(
    kubeconfig,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: parts.map(({ cluster }) => cluster),
      users: parts.map(({ user }) => user),
      contexts: parts.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
      'current-context': 'hub',
    }),
    { mode: 0o600 },
  )
  return {
    binaries,
    dir,
    server: fleet.plane.controlPlane.server,
    kubeconfig,
    async stop() {
      await fleet[Symbol.asyncDispose]()
    },
  }
}
