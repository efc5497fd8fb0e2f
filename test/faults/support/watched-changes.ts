import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { KINDS } from '../../../src/cluster/kinds.ts'
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts'
import { objectPath } from '../../../src/kube/resource.ts'
import { createRest } from '../../../src/kube/rest.ts'
import { eventually } from '../../e2e/support/cluster.ts'
import {
  annotations,
  modelCache,
  pausedCache,
  pod,
  readyStatus,
  soundSpec,
  storageClass,
} from '../../e2e/support/objects.ts'
import type { OwnPlane } from '../../e2e/support/own-plane.ts'
import { httpGet } from '../../testbed/http.ts'
import { askFor, isSureDenial, type Load, startLoad, type Verdict } from './pod-verdicts.ts'

/** Whether the larger sample runs, as `make faults` does. */
export const full = process.env.FAULTS === 'full'

/** One is always Ready, and one never. */
const READY = 'weights'
const NEVER = 'never'

/** Objects whose state changes while the watches are blind, and pods that keep asking for them. */
export interface Scene extends AsyncDisposable {
  /** Makes the changes, each confirmed by the API server. */
  change(): Promise<void>
  /** Asks once for the cache that has become Ready. */
  askForRisen(): Promise<Verdict>
  /** Waits until all verdicts, the views of both roles and the gates of pods agree with the API. */
  settled(): Promise<void>
  /** Waits until everything is as it was before the changes. */
  asBefore(): Promise<void>
  /**
   * Waits until everything is settled, ends the load, fails if there was a wrong verdict, and prints how long
   * it took and what happened to the pods.
   */
  report(fault: string, since: number): Promise<void>
}

const hydratingStatus = {
  phase: 'Hydrating',
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason: 'Hydrating',
      message: 'on its way',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
}

/** Sets the scene, with objects of its own. Resolves when both roles know it. */
export async function setScene(own: OwnPlane, name: string): Promise<Scene> {
  const { cluster, product, controlPlane } = own
  const { namespace } = cluster
  const rest = createRest(loadKubeConfig(controlPlane.kubeconfig))
  const rises = `rises-${name}`
  const falls = `falls-${name}`
  const goes = `goes-${name}`
  const comes = `comes-${name}`
  const classGoes = `class-goes-${name}`
  const classComes = `class-comes-${name}`
  const waiting = `waits-${name}`

  const setStatus = async (cache: string, status: object) => {
    const body = {
      apiVersion: KINDS.ModelCache.apiVersion,
      kind: KINDS.ModelCache.kind,
      metadata: { name: cache },
      status,
    }
    const path = objectPath(KINDS.ModelCache, namespace, cache)
    await rest.apply(`${path}/status`, body, { fieldManager: 'faults', force: true })
  }
  const remove = async (...resource: string[]) => {
    const { code, stderr } = await cluster.kubectl(['delete', ...resource, '--wait=false'])
    expect(code, stderr).toBe(0)
  }
  const ask = (cache: string) => askFor(cache, namespace, rest)
  /** A cache needs a class that exists and supports ReadWriteMany. */
  const trial = async (storageClassName: string) => {
    const storage = { backend: 'PVC', pvc: { storageClassName, sizeGiB: 1 } }
    return (await cluster.apply(modelCache('trial', soundSpec({ storage })), '--dry-run=server')).code === 0
  }
  const verdictsAre = (expected: Record<string, Verdict['said']>) =>
    eventually('verdicts as the API has it', async () => {
      const said = await Promise.all(Object.keys(expected).map(async cache => (await ask(cache)).said))
      return said.join() === Object.values(expected).join() || undefined
    })
  const viewsAreWhole = () =>
    eventually('views of the size that the API has', async () => {
      const caches = await cluster.kubectl(['get', 'modelcaches', '--all-namespaces', '-o', 'name'])
      const classes = await cluster.kubectl(['get', 'storageclass', '-o', 'name'])
      const expected = { modelcaches: lines(caches.stdout), storageclasses: lines(classes.stdout) }
      const [ofWebhook, ofController] = await Promise.all(
        [product.webhook, product.controller].map(role => sizes(role.healthUrl)),
      )
      return (
        (isDeepStrictEqual(ofWebhook, expected) && isDeepStrictEqual(ofController, expected)) || undefined
      )
    })
  const sharedClass = (of: string) => storageClass(of, 'filestore.csi.storage.gke.io')

  await cluster.need(
    ...[rises, falls, goes, NEVER].map(cache => pausedCache(cache, soundSpec())),
    sharedClass(classGoes),
  )
  await Promise.all([
    setStatus(rises, hydratingStatus),
    setStatus(NEVER, hydratingStatus),
    setStatus(falls, readyStatus(`modelcache--${falls}`)),
    setStatus(goes, readyStatus(`modelcache--${goes}`)),
  ])
  await cluster.need(pod({ name: waiting, ...annotations(rises, { 'modelplane.ai/not-ready': 'Gate' }) }))
  const asBefore = async () => {
    await verdictsAre({
      [READY]: 'allowed',
      [rises]: 'denied',
      [falls]: 'allowed',
      [goes]: 'allowed',
      [NEVER]: 'denied',
    })
    await viewsAreWhole()
  }
  await asBefore()

  const changedAt = new Map<string, number>()
  const load: Load = startLoad([READY, NEVER, rises, falls], namespace, rest)
  const after = (cache: string) =>
    load.verdicts.filter(
      verdict => verdict.cache === cache && verdict.askedAt > (changedAt.get(cache) ?? Infinity),
    )

  const settled = async () => {
    await verdictsAre({
      [READY]: 'allowed',
      [rises]: 'allowed',
      [falls]: 'denied',
      [goes]: 'denied',
      [NEVER]: 'denied',
    })
    await viewsAreWhole()
    await eventually('classes as the API has them', async () => {
      return ((await trial(classComes)) && !(await trial(classGoes))) || undefined
    })
    await eventually('the lift of the gate', async () => {
      const gates = ['get', `pod/${waiting}`, '-o', 'jsonpath={.metadata.name}{.spec.schedulingGates}']
      return (await cluster.kubectl(gates)).stdout === waiting || undefined
    })
  }

  /** Fails if there was a wrong verdict. Returns the figures of the load in words. */
  const judge = () => {
    const of = (cache: string) => load.verdicts.filter(verdict => verdict.cache === cache)
    expect(of(READY).some(({ said }) => said === 'allowed')).toBe(true)
    expect(of(READY).filter(({ said }) => said === 'denied')).toEqual([])
    expect(of(NEVER).some(({ said }) => said === 'denied')).toBe(true)
    expect(of(NEVER).filter(({ said }) => said === 'allowed')).toEqual([])
    // A confirmed denial must not contradict what the API server said before it.
    expect(after(rises).filter(isSureDenial)).toEqual([])
    const fallen = after(falls).filter(({ said }) => said !== 'unanswered')
    const denials = fallen.findIndex(({ said }) => said === 'denied')
    const firstDenial = denials < 0 ? fallen.length : denials
    const stale = fallen.slice(0, firstDenial)
    // Once the webhook knows better, it does not forget.
    expect(fallen.slice(firstDenial).filter(({ said }) => said === 'allowed')).toEqual([])
    const staleMs = Math.round(
      (stale.at(-1)?.askedAt ?? 0) - (stale.length > 0 ? (changedAt.get(falls) ?? 0) : 0),
    )
    const unanswered = load.verdicts.filter(({ said }) => said === 'unanswered').length
    return `${load.verdicts.length} pods, ${unanswered} unanswered; let in for a cache no longer Ready: ${stale.length}, the last ${staleMs} ms after`
  }

  return {
    async change() {
      await setStatus(rises, readyStatus(`modelcache--${rises}`))
      changedAt.set(rises, performance.now())
      await setStatus(falls, hydratingStatus)
      changedAt.set(falls, performance.now())
      // Each kind gains one object and loses one, so a view is correct only if it knows both.
      await cluster.need(...[comes, `${comes}-too`].map(cache => pausedCache(cache, soundSpec())))
      await cluster.need(...[classComes, `${classComes}-too`].map(sharedClass))
      await cluster.kubectl(['annotate', `modelcache/${goes}`, 'modelplane.ai/allow-delete-in-use=true'])
      await remove(`modelcache/${goes}`)
      await remove(`storageclass/${classGoes}`)
    },
    askForRisen: () => ask(rises),
    settled,
    asBefore,
    async report(fault, since) {
      await settled()
      const seconds = ((performance.now() - since) / 1000).toFixed(1)
      await load[Symbol.asyncDispose]()
      console.log(`${fault}: right again after ${seconds} s; ${judge()}`)
    },
    async [Symbol.asyncDispose]() {
      await load[Symbol.asyncDispose]()
    },
  }
}

function lines(text: string): number {
  return text.split('\n').filter(line => line !== '').length
}

/** How many ModelCaches and StorageClasses a role holds in memory, if it watches them. */
async function sizes(healthUrl: string): Promise<Record<string, number>> {
  const { body } = await httpGet(`${healthUrl}/metrics`)
  const found = body.matchAll(/^modelcache_watch_objects\{kind="(modelcaches|storageclasses)"\} (\d+)$/gm)
  return Object.fromEntries([...found].map(([, kind = '', size]) => [kind, Number(size)]))
}
