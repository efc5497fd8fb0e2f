import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startNodeBed } from '../testbed/node/node-bed.ts'
import { nodeObstacle } from '../testbed/node/packages.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The cluster of one node that all files share; null if it cannot run here. */
    node: {
      kubectl: string
      kubeconfig: string
      dir: string
      data: string
      runtime: string[]
      /** Where pods run, and where they reach what runs beside them. */
      enter: string[]
      address: string
    } | null
  }
}

/**
 * One cluster with a real node and the product installed in it, for all files. If a node cannot run here, the
 * files are skipped with a warning; if REQUIRE_NODE is set, that is a failure.
 */
export default async function setup(project: TestProject) {
  const obstacle = await nodeObstacle()
  if (obstacle !== undefined) {
    if (process.env.REQUIRE_NODE) throw new Error(obstacle)
    console.warn(`\n!!! SKIPPED: the tests on a real node, because ${obstacle} !!!\n`)
    project.provide('node', null)
    return undefined
  }
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-node-'))
  const bed = await startNodeBed({ dir, log: line => console.log(line) })
  project.provide('node', {
    kubectl: bed.binaries.kubectl,
    kubeconfig: bed.kubeconfig,
    dir,
    data: bed.sandbox.data,
    runtime: bed.runtime,
    enter: [...bed.sandbox.enter],
    address: bed.sandbox.address,
  })
  return async () => {
    await bed.stop()
    if (!process.env.MODELCACHE_TESTBED_KEEP) await rm(dir, { recursive: true, force: true })
  }
}
