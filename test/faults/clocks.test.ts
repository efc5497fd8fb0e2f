import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually, namespaceOf } from '../e2e/support/cluster.ts'
import { annotations, classes, modelCache, pod, readyStatus, soundSpec } from '../e2e/support/objects.ts'
import { WEIGHTS_CLAIM } from '../e2e/support/own-plane.ts'
import { ensureBinaries } from '../testbed/binaries.ts'
import { startControlPlane } from '../testbed/control-plane.ts'
import { kubectlFor } from '../testbed/kubectl.ts'
import { startProduct } from '../testbed/product.ts'

/** Debian's faketime shifts the clock that a process is shown. */
const [FAKETIME] = globSync('/usr/lib/*/faketime/libfaketime.so.1')
const SYSTEM = 'modelcache-system'

if (FAKETIME === undefined)
  console.warn('\n!!! SKIPPED: clocks that differ, because Debian package faketime is not there !!!\n')

const shifted = (by: string) => ({ LD_PRELOAD: FAKETIME, FAKETIME: by, FAKETIME_DONT_FAKE_MONOTONIC: '1' })

test.skipIf(FAKETIME === undefined)(
  'with clocks half an hour apart on either side, webhooks are called and the CA is rotated',
  async () => {
    await using started = new AsyncDisposableStack()
    const binaries = await ensureBinaries(line => console.log(line))
    const dir = await mkdtemp(join(tmpdir(), 'modelcache-faults-'))
    started.defer(() => rm(dir, { recursive: true, force: true }))
    const controlPlane = await startControlPlane({ dir, binaries })
    started.defer(() => controlPlane.stop())
    const product = await startProduct({
      dir,
      binaries,
      controlPlane,
      settings: {
        webhook: { env: shifted('-30m') },
        controller: { env: shifted('+30m'), options: ['--ca-settle', '1s'] },
      },
    })
    started.defer(() => product.stop())
    const cluster = await namespaceOf(kubectlFor(binaries.kubectl, controlPlane.kubeconfig, dir))
    // Otherwise this test would show nothing.
    const minutesAhead = async (path: string) => {
      const [, time] = /"time":(\d+)/.exec(await readFile(path, 'utf8')) ?? []
      return Math.round((Number(time) - Date.now()) / 60_000)
    }
    expect(await minutesAhead(product.webhook.logPath)).toBeLessThan(-25)
    expect(await minutesAhead(product.controller.logPath)).toBeGreaterThan(25)
    const creates = () =>
      eventually('an annotated pod', async () => {
        const { code } = await cluster.apply(pod(annotations('weights')), '--dry-run=server')
        return code === 0 ? true : undefined
      })
    await cluster.need(...classes, modelCache('weights', soundSpec()))
    await cluster.setStatus('modelcache/weights', readyStatus(WEIGHTS_CLAIM))
    await creates()

    const signer = async () => {
      const path = 'jsonpath={.data.signer\\.crt}'
      return (await cluster.kubectl(['get', 'secret/modelcache-webhook-ca', '-n', SYSTEM, '-o', path])).stdout
    }
    const before = await signer()
    expect(before).not.toBe('')
    const asked = ['annotate', 'secret/modelcache-webhook-ca', '-n', SYSTEM, 'modelplane.ai/rotate-ca=clocks']
    expect((await cluster.kubectl(asked)).code).toBe(0)
    await eventually('another CA that signs', async () => ((await signer()) === before ? undefined : true))
    await creates()
  },
)
