import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import { aReadyCache } from '../../api/fixtures.ts'
import type { InferenceCluster } from '../../api/inference-cluster.ts'
import { COPIES_FINALIZER } from '../../api/names.ts'
import { finalizerFor } from '../copies/finalizer.ts'
import type { DeploymentCopy } from './copy.ts'
import { aCluster, aSpread, copiesOf } from './fixtures.ts'
import { mayServe, type Site, sitesOf } from './sites.ts'
import { spread } from './spread.ts'
import { hubPart, summaryOf } from './summary.ts'
import { travellingDeployments } from './travel.ts'

// Random histories of one ModelDeployment and some clusters. What the hub decides is carried out on maps that
// stand for the API servers, one step at a time, in any order with what people and kubelets do.

/** RUNS=20000 searches longer. */
const RUNS = { numRuns: Number(process.env.RUNS ?? 1_000) }
const NAMES = ['a', 'b', 'c']
const REGIONS = ['eu', 'us']
const GRACE_MS = 1_000

interface Place {
  region: string
  isRegistered: boolean
  /** Since when nobody reaches it. */
  silentSince: number | undefined
  /** The hub is connected. A restart ends that until the next look. */
  isKnown: boolean
  hasCache: boolean
  copy: DeploymentCopy | undefined
}

function startWorld() {
  const places = new Map<string, Place>(
    NAMES.map(name => [
      name,
      {
        ...{ region: 'eu', isRegistered: true, isKnown: true, hasCache: true },
        ...{ silentSince: undefined, copy: undefined },
      },
    ]),
  )
  const place = (name: string): Place => {
    const found = places.get(name)
    if (found === undefined) throw new Error(name)
    return found
  }
  let deployment: KnownDeployment | undefined
  let now = 0
  let uids = 0
  /** Copies whose cluster or ModelDeployment went without them. Nobody looks after them. */
  const orphans = new Set<string>()

  const clusters = (): InferenceCluster[] =>
    NAMES.filter(name => place(name).isRegistered).map(name => {
      const { metadata, ...rest } = aCluster(name, place(name).silentSince)
      return { ...rest, metadata: { ...metadata, labels: { region: place(name).region } } }
    })
  const { planFor } = travellingDeployments({
    hubID: 'hub',
    originals: { get: () => deployment, values: () => [] },
    wholeOf: async () => undefined,
    onNews: () => {},
  })
  const around = () => ({
    clusters: clusters(),
    clusterName: undefined,
    caches: { get: () => aReadyCache() },
    cacheCopies: {
      get: (name: string) =>
        place(name).isKnown
          ? copiesOf({
              metadata: { name: 'llama' },
              fingerprint: '',
              state: { phase: 'x', ready: place(name).hasCache, revision: undefined },
            })
          : undefined,
    },
    copies: { get: (name: string) => (place(name).isKnown ? copiesOf(place(name).copy) : undefined) },
    ...{ graceMs: GRACE_MS, now },
  })

  return {
    ...{ place, orphans },
    deployment: () => deployment,
    isSelected: (name: string) =>
      place(name).isRegistered &&
      deployment?.spec.clusterSelector?.matchLabels?.region === place(name).region,
    apply(selector: string | undefined, replicas: number) {
      if (deployment?.metadata.deletionTimestamp !== undefined) return
      const clusterSelector = selector === undefined ? undefined : { matchLabels: { region: selector } }
      const { metadata = { uid: `uid-${uids++}` }, status } = deployment ?? {}
      deployment = aSpread({ metadata, spec: { replicas, clusterSelector }, status })
    },
    delete() {
      if (deployment === undefined) return
      if (deployment.metadata.finalizers?.length) {
        const metadata = { ...deployment.metadata, deletionTimestamp: '2031-01-01T00:00:00Z' }
        deployment = { ...deployment, metadata }
      } else {
        for (const name of NAMES) if (place(name).copy) orphans.add(name)
        deployment = undefined
      }
    },
    unregister(name: string) {
      if (place(name).copy) orphans.add(name)
      Object.assign(place(name), { isRegistered: false, isKnown: false })
    },
    restartHub() {
      for (const name of NAMES) place(name).isKnown = false
    },
    silence(name: string, isSilent: boolean) {
      const { silentSince } = place(name)
      place(name).silentSince = isSilent ? (silentSince ?? now) : undefined
    },
    pass(ms: number) {
      now += ms
    },
    /** The registry looks at a cluster, which connects the hub. */
    look(name: string) {
      const { isRegistered, silentSince } = place(name)
      if (isRegistered && silentSince === undefined) place(name).isKnown = true
    },
    /** The hub looks at the ModelDeployment. */
    reconcile() {
      if (deployment === undefined) return
      const sites = sitesOf(deployment, around())
      const finalizer = finalizerFor(deployment, (sites ?? []).filter(mayServe))
      const isLeaving = deployment.metadata.deletionTimestamp !== undefined
      if (finalizer === false && isLeaving) deployment = undefined
      else if (finalizer !== undefined) deployment = withFinalizer(deployment, finalizer)
      else if (!isLeaving) deployment = withStatus(deployment, sites, now)
    },
    /** The member looks at it. */
    act(name: string) {
      const here = place(name)
      if (!here.isKnown || here.silentSince !== undefined || deployment === undefined) return
      const plan = planFor(deployment, here.copy, name)
      if (plan.do === 'delete') here.copy = undefined
      if (plan.do !== 'apply') return
      orphans.delete(name)
      const share = deployment.status?.clusters?.find(each => each.name === name)?.replicas ?? 0
      const ready = Math.min(here.copy?.state.readyReplicas ?? 0, share)
      here.copy = copyWith(plan.wanted.fingerprint, share, ready)
    },
    /** Another instance serves there. */
    start(name: string) {
      const { copy, hasCache } = place(name)
      if (copy === undefined || !hasCache || copy.state.readyReplicas >= copy.state.replicas) return
      place(name).copy = copyWith(copy.fingerprint, copy.state.replicas, copy.state.readyReplicas + 1)
    },
  }
}
type World = ReturnType<typeof startWorld>

function withFinalizer(deployment: KnownDeployment, isPresent: boolean): KnownDeployment {
  const finalizers = isPresent ? ([COPIES_FINALIZER] as (typeof COPIES_FINALIZER)[]) : undefined
  return { ...deployment, metadata: { ...deployment.metadata, finalizers } }
}

function withStatus(
  deployment: KnownDeployment,
  sites: readonly Site[] | undefined,
  now: number,
): KnownDeployment {
  if (sites === undefined && hubPart(deployment) === undefined) return deployment
  const { status: _, ...rest } = deployment
  if (sites === undefined) return rest
  const status = summaryOf({ deployment, sites, shares: spread(deployment, sites), now })
  return { ...rest, status: JSON.parse(JSON.stringify(status)) }
}

function copyWith(fingerprint: string, replicas: number, readyReplicas: number): DeploymentCopy {
  const isComplete = replicas === readyReplicas
  return {
    metadata: { name: 'chat' },
    fingerprint,
    state: { replicas, readyReplicas, updatedReplicas: replicas, isComplete },
  }
}

const name = fc.constantFrom(...NAMES)
/** A step with a name, which a counterexample shows. */
interface Step {
  name: string
  take(world: World): void
}
const step = (words: string, take: (world: World) => void): Step => ({ name: words, take })

const event: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(fc.option(fc.constantFrom(...REGIONS), { nil: undefined }), fc.nat(6))
    .map(([selector, replicas]) =>
      step(`apply ${selector} ${replicas}`, world => world.apply(selector, replicas)),
    ),
  fc.constant(step('delete', world => world.delete())),
  fc.constant(step('restart the hub', world => world.restartHub())),
  fc.constant(step('time passes', world => world.pass(GRACE_MS))),
  fc.tuple(name, fc.constantFrom(...REGIONS)).map(([at, to]) =>
    step(`move ${at} to ${to}`, world => {
      world.place(at).region = to
    }),
  ),
  name.map(at => step(`unregister ${at}`, world => world.unregister(at))),
  name.map(at =>
    step(`register ${at}`, world => {
      world.place(at).isRegistered = true
    }),
  ),
  fc
    .tuple(name, fc.boolean())
    .map(([at, isSilent]) =>
      step(`${at} is ${isSilent ? 'silent' : 'back'}`, world => world.silence(at, isSilent)),
    ),
  fc
    .tuple(name, fc.boolean())
    .map(([at, hasCache]) =>
      step(`${at} ${hasCache ? 'has' : 'lacks'} the cache`, world =>
        Object.assign(world.place(at), { hasCache }),
      ),
    ),
)
const work: fc.Arbitrary<Step> = fc.oneof(
  name.map(at => step(`look at ${at}`, world => world.look(at))),
  name.map(at => step(`act in ${at}`, world => world.act(at))),
  name.map(at => step(`start in ${at}`, world => world.start(at))),
  fc.constant(step('reconcile', world => world.reconcile())),
)
const history = fc.array(fc.oneof({ arbitrary: event, weight: 1 }, { arbitrary: work, weight: 3 }), {
  maxLength: 80,
  size: 'max',
})

/** The hub and the kubelets work until nothing is left to do. */
function settle(world: World): void {
  for (let round = 0; round < 40; round++) {
    for (const at of NAMES) world.look(at)
    world.reconcile()
    for (const at of NAMES) {
      world.act(at)
      world.start(at)
    }
  }
}

test('whatever happened before, the replicas are spread evenly over the selected clusters, and nowhere else', () => {
  fc.assert(
    fc.property(history, steps => {
      const world = startWorld()
      for (const { take } of steps) take(world)
      for (const at of NAMES) Object.assign(world.place(at), { silentSince: undefined, hasCache: true })
      settle(world)
      const deployment = world.deployment()
      expect(deployment?.metadata.deletionTimestamp).toBeUndefined()
      const cared = NAMES.filter(at => !world.orphans.has(at))
      const selected = cared.filter(at => world.isSelected(at))
      const counts = selected.map(at => world.place(at).copy?.state.replicas ?? 0)
      const rest = cared.filter(at => !selected.includes(at))
      expect(rest.filter(at => world.place(at).copy !== undefined)).toEqual([])
      if (selected.length > 0 && NAMES.every(at => !world.orphans.has(at) || !world.isSelected(at))) {
        expect(counts.reduce((sum, each) => sum + each)).toBe(deployment?.spec.replicas)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }
      if (deployment?.spec.clusterSelector !== undefined) return
      expect(deployment?.status?.clusters).toBeUndefined()
      expect(deployment?.metadata.finalizers ?? []).toEqual([])
    }),
    RUNS,
  )
})

test('a ModelDeployment that is deleted goes only after its copies in registered clusters', () => {
  fc.assert(
    fc.property(history, steps => {
      const world = startWorld()
      for (const { take } of steps) {
        const wasLeaving = world.deployment()?.metadata.deletionTimestamp !== undefined
        take(world)
        if (!wasLeaving || world.deployment() !== undefined) continue
        for (const at of NAMES)
          if (world.place(at).isRegistered && !world.orphans.has(at))
            expect(world.place(at).copy, `a copy in ${at}`).toBeUndefined()
      }
    }),
    RUNS,
  )
})

test('as long as clusters only come and go, nothing that is needed ends', () => {
  fc.assert(
    fc.property(fc.array(work, { maxLength: 120, size: 'max' }), fc.array(name), (steps, moves) => {
      const world = startWorld()
      for (const at of ['b', 'c']) world.place(at).region = 'us'
      world.apply('eu', 4)
      settle(world)
      for (const at of moves) {
        // One cluster stays, so that somebody can take over.
        if (at !== 'a') world.place(at).region = world.place(at).region === 'eu' ? 'us' : 'eu'
        for (const { take } of steps) {
          take(world)
          const serving = NAMES.map(each => world.place(each).copy?.state.readyReplicas ?? 0)
          expect(serving.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(4)
        }
      }
    }),
    RUNS,
  )
})
