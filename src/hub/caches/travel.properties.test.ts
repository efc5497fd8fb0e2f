import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aModelCache, anInferenceCluster } from '../../api/fixtures.ts'
import type { InferenceCluster } from '../../api/inference-cluster.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { COPIES_FINALIZER } from '../../api/names.ts'
import { clustersOf } from '../../api/placement.ts'
import { finalizerFor } from '../copies/finalizer.ts'
import { stepFor } from '../copies/step.ts'
import { type CacheCopy, fingerprintOf } from './copy.ts'
import { placementOf, replicasOf } from './replicas.ts'
import { nextStatus } from './summary.ts'
import { mayHaveCopy } from './travel.ts'

// Random histories of one ModelCache and some clusters. What the hub decides is carried out on maps that
// stand for the API servers, one step at a time, in any order with what people do.

/** RUNS=20000 searches longer. */
const RUNS = { numRuns: Number(process.env.RUNS ?? 500) }

const NAMES = ['a', 'b', 'c']
const REGIONS = ['eu', 'us']
const DONE = { reason: 'x', message: 'x', lastTransitionTime: '2031-01-01T00:00:00Z' }

interface Site {
  region: string
  isRegistered: boolean
  isSilent: boolean
  isInUse: boolean
  /** The hub is connected. A restart ends that until the next look. */
  isKnown: boolean
  copy?: CacheCopy
}

function startWorld() {
  const sites = new Map<string, Site>(
    NAMES.map(name => [
      name,
      { region: 'eu', isRegistered: true, isSilent: false, isInUse: false, isKnown: true },
    ]),
  )
  const site = (name: string): Site => {
    const found = sites.get(name)
    if (found === undefined) throw new Error(name)
    return found
  }
  let cache: ModelCache | undefined
  let uids = 0
  /** Copies whose cluster or ModelCache went without them. Nobody looks after them. */
  const orphans = new Set<string>()

  const clusters = (): InferenceCluster[] =>
    NAMES.filter(name => site(name).isRegistered).map(name => {
      const { region, isSilent } = site(name)
      const { metadata, ...rest } = anInferenceCluster(name)
      const status = isSilent ? 'False' : 'True'
      return {
        ...rest,
        metadata: { ...metadata, labels: { region } },
        spec: { cluster: { source: 'Existing', existing: { secretRef: { name } } } },
        status: { conditions: ['Reachable', 'Ready'].map(type => ({ type, status, ...DONE })) },
      } satisfies InferenceCluster
    })
  const members = {
    get: (name: string) => {
      const { isKnown, copy } = site(name)
      if (!isKnown) return undefined
      return {
        store: { get: () => copy, values: () => [] },
        isKnown: () => true,
        problemOf: () => undefined,
        look: () => {},
      }
    },
  }

  return {
    site,
    orphans,
    cache: () => cache,
    wanted: (name: string) =>
      cache !== undefined &&
      cache.metadata.deletionTimestamp === undefined &&
      clustersOf(cache, clusters()).some(({ metadata }) => metadata.name === name),
    apply(selector: string | undefined) {
      const clusterSelector = selector === undefined ? undefined : { matchLabels: { region: selector } }
      if (cache?.metadata.deletionTimestamp !== undefined) return
      const { metadata, status } = cache ?? aModelCache({ metadata: { uid: `uid-${uids++}` } })
      cache = { ...aModelCache({ metadata, spec: { clusterSelector } }), status }
    },
    delete() {
      if (cache === undefined) return
      if (!cache.metadata.finalizers?.length) {
        for (const name of NAMES) if (site(name).copy) orphans.add(name)
        cache = undefined
      } else {
        const metadata = { ...cache.metadata, deletionTimestamp: '2031-01-01T00:00:00Z' }
        cache = { ...cache, metadata }
      }
    },
    unregister(name: string) {
      if (site(name).copy) orphans.add(name)
      site(name).isRegistered = false
      site(name).isKnown = false
    },
    register(name: string) {
      site(name).isRegistered = true
    },
    restartHub() {
      for (const name of NAMES) site(name).isKnown = false
    },
    /** The registry looks at a cluster, which connects the hub. */
    look(name: string) {
      const { isRegistered, isSilent } = site(name)
      if (isRegistered && !isSilent) site(name).isKnown = true
    },
    /** The member looks at the ModelCache. */
    act(name: string) {
      const here = site(name)
      if (!here.isKnown || here.isSilent || cache === undefined) return
      const isPlaced = clustersOf(cache, clusters()).some(each => each.metadata.name === name)
      const isNoted = mayHaveCopy(cache, name)
      const step = stepFor(cache, here.copy, {
        isPlaced,
        isNoted,
        fingerprint: fingerprintOf(cache, {}),
      })
      if (step === 'delete' && !here.isInUse) delete here.copy
      if (step !== 'apply') return
      orphans.delete(name)
      here.copy = {
        metadata: { name: cache.metadata.name },
        fingerprint: fingerprintOf(cache, {}),
        state: { phase: 'Ready', ready: true, revision: undefined },
      }
    },
    /** The hub looks at the ModelCache. */
    reconcile() {
      if (cache === undefined) return
      const all = clusters()
      const placement = placementOf(cache, all, undefined)
      const replicas = replicasOf(cache, placement, all, members)
      const finalizer = finalizerFor(cache, replicas)
      if (finalizer !== undefined) {
        const finalizers = finalizer ? [COPIES_FINALIZER as typeof COPIES_FINALIZER] : []
        const metadata = { ...cache.metadata, finalizers }
        const isGone = !finalizer && cache.metadata.deletionTimestamp !== undefined
        cache = isGone ? undefined : { ...cache, metadata }
        return
      }
      const status = nextStatus(
        { cache, replicas, own: placement.own, now: 0 },
        { hasClusters: all.length > 0 },
      )
      if (status !== undefined) cache = { ...cache, status: JSON.parse(JSON.stringify(status)) }
    },
  }
}
type World = ReturnType<typeof startWorld>

const name = fc.constantFrom(...NAMES)
const region = fc.constantFrom(...REGIONS)
/** A step with a name, which a counterexample shows. */
interface Step {
  name: string
  take(world: World): void
}
const step = (words: string, take: (world: World) => void): Step => ({ name: words, take })

const event: fc.Arbitrary<Step> = fc.oneof(
  fc
    .option(region, { nil: undefined })
    .map(selector => step(`apply ${selector}`, world => world.apply(selector))),
  fc.constant(step('delete', world => world.delete())),
  fc.constant(step('restart the hub', world => world.restartHub())),
  fc.tuple(name, region).map(([at, to]) =>
    step(`move ${at} to ${to}`, world => {
      world.site(at).region = to
    }),
  ),
  name.map(at => step(`unregister ${at}`, world => world.unregister(at))),
  name.map(at => step(`register ${at}`, world => world.register(at))),
  fc
    .tuple(name, fc.boolean())
    .map(([at, isSilent]) =>
      step(`${at} is ${isSilent ? 'silent' : 'back'}`, world => Object.assign(world.site(at), { isSilent })),
    ),
  fc
    .tuple(name, fc.boolean())
    .map(([at, isInUse]) =>
      step(`${at} is ${isInUse ? 'in use' : 'free'}`, world => Object.assign(world.site(at), { isInUse })),
    ),
)
const work: fc.Arbitrary<Step> = fc.oneof(
  name.map(at => step(`look at ${at}`, world => world.look(at))),
  name.map(at => step(`act in ${at}`, world => world.act(at))),
  fc.constant(step('reconcile', world => world.reconcile())),
)
const history = fc.array(fc.oneof({ arbitrary: event, weight: 1 }, { arbitrary: work, weight: 3 }), {
  maxLength: 80,
  size: 'max',
})

/** The hub works until nothing is left to do. */
function settle(world: World): void {
  for (let round = 0; round < 10; round++) {
    for (const at of NAMES) world.look(at)
    world.reconcile()
    for (const at of NAMES) world.act(at)
  }
}

/** Whether a copy is there where it is wanted, as it should be, and not elsewhere. */
function isRight(world: World, at: string): boolean {
  const cache = world.cache()
  const { copy, isRegistered } = world.site(at)
  if (world.orphans.has(at) && (cache === undefined || !isRegistered)) return true
  const wanted = cache !== undefined && world.wanted(at) ? fingerprintOf(cache, {}) : undefined
  return copy?.fingerprint === wanted
}

test('whatever happened before, copies are where they are wanted, and nowhere else', () => {
  fc.assert(
    fc.property(history, steps => {
      const world = startWorld()
      for (const { take } of steps) take(world)
      for (const at of NAMES) Object.assign(world.site(at), { isSilent: false, isInUse: false })
      settle(world)
      expect(world.cache()?.metadata.deletionTimestamp).toBeUndefined()
      expect(NAMES.filter(at => !isRight(world, at))).toEqual([])
      if (world.cache()?.spec.clusterSelector !== undefined) return
      expect(world.cache()?.status?.replicas).toBeUndefined()
      expect(world.cache()?.metadata.finalizers ?? []).toEqual([])
    }),
    RUNS,
  )
})

test('no copy is deleted while pods mount it, and none of a cluster that does not answer', () => {
  fc.assert(
    fc.property(history, steps => {
      const world = startWorld()
      for (const { take } of steps) {
        const before = NAMES.map(at => world.site(at).copy)
        take(world)
        NAMES.forEach((at, index) => {
          const { isInUse, isSilent, copy } = world.site(at)
          if (before[index] !== undefined && (isInUse || isSilent)) expect(copy).toBeDefined()
        })
      }
    }),
    RUNS,
  )
})

test('a ModelCache that is deleted goes only after its copies in registered clusters', () => {
  fc.assert(
    fc.property(history, steps => {
      const world = startWorld()
      for (const { take } of steps) {
        const wasLeaving = world.cache()?.metadata.deletionTimestamp !== undefined
        take(world)
        if (!wasLeaving || world.cache() !== undefined) continue
        for (const at of NAMES)
          if (world.site(at).isRegistered && !world.orphans.has(at))
            expect(world.site(at).copy, `a copy in ${at}`).toBeUndefined()
      }
    }),
    RUNS,
  )
})
