import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type FleetBed, startFleetBed } from '../e2e/support/fleet-bed.ts'
import { type NodeBed, startNodeBed } from './node/node-bed.ts'
import { claimState, dropState, publishState, RUN_DIR, STATE_DIR } from './state.ts'
import { startTestbed, type Testbed } from './testbed.ts'

/** What kind of test bed. */
export interface BedOptions {
  node: boolean
  fleet: boolean
}

/**
 * Owns a test bed, with or without a node, or of several clusters: starts it, publishes where it is, and
 * stops it at SIGTERM or SIGINT. Resolves to the exit code once everything is gone. A failure leaves its
 * logs, and a clean end leaves nothing.
 */
export async function serve({ node, fleet }: BedOptions): Promise<number> {
  mkdirSync(STATE_DIR, { recursive: true })
  if (!claimState()) {
    console.log('another supervisor runs already')
    return 1
  }
  const told = stopRequest()
  try {
    rmSync(RUN_DIR, { recursive: true, force: true })
    const start = fleet ? startFleetBed : node ? startNodeBed : startTestbed
    const testbed = await start({ dir: RUN_DIR, log: line => console.log(line) })
    const stop = told.whenReady()
    publishState(endpointsOf(testbed))
    console.log(`${await stop}: stopping`)
    await testbed.stop()
    if (!process.env.MODELCACHE_TESTBED_KEEP) rmSync(RUN_DIR, { recursive: true, force: true })
    return 0
  } finally {
    dropState()
  }
}

/**
 * A signal during the start ends this process at once, and the children die with it, because nothing needs an
 * orderly end yet. From `whenReady` on, a signal asks to stop.
 */
function stopRequest() {
  let onSignal: (signal: NodeJS.Signals) => void = signal => {
    console.log(`${signal}: giving up the start`)
    dropState()
    process.exit(130)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal))
  return {
    whenReady: () =>
      new Promise<NodeJS.Signals>(resolve => {
        onSignal = resolve
      }),
  }
}

function endpointsOf({ binaries, server, dir, kubeconfig }: Testbed | NodeBed | FleetBed) {
  return { kubeconfig, server, binDir: binaries.dir, logDir: join(dir, 'log') }
}
