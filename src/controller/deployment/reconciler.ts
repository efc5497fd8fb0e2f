import type { Logger } from 'pino'
import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import { type ModelDeployment, modelDeployment } from '../../api/modeldeployment.ts'
import { isReady } from '../../api/readiness.ts'
import { API_VERSION } from '../../api/schema/group.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Stores } from '../../cluster/stores.ts'
import { selectorText } from '../../deployment/made-for.ts'
import { stagedRepository, withModelPaths } from '../../deployment/model-path.ts'
import { budgetOf, deploymentOf, serviceOf } from '../../deployment/objects.ts'
import { templateProblem } from '../../deployment/pod-template.ts'
import type { Recorder } from '../../kube/events.ts'
import { type ReconcilerObserver, startReconciler } from '../../kube/reconciler.ts'
import { objectPath } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { indexStore } from '../../kube/store-index.ts'
import { owns, watches } from '../../kube/watch-source.ts'
import { applyStatus, isSameStatus } from '../apply-status.ts'
import { applyPart, type Part } from './apply.ts'
import { type Cause, type SeenDeployment, statusOf } from './status.ts'
import { transition } from './transition.ts'
import { podTrouble } from './troubles.ts'

const CONCURRENCY = 4
/** While pods do not serve, we look this often why. */
const TROUBLE_MS = 30_000
/** The watch will show our own write within a moment. */
const STALE_MS = 5_000

const PARTS = ['ServingDeployment', 'ServingService', 'ServingBudget'] as const
const BODIES = { ServingDeployment: deploymentOf, ServingService: serviceOf, ServingBudget: budgetOf }

export interface DeploymentReconcilerOptions {
  stores: Stores<'ModelCache' | 'ModelDeployment' | (typeof PARTS)[number]>
  rest: Pick<Rest, 'apply' | 'get'>
  recorder: Recorder
  observer: ReconcilerObserver
  logger: Logger
  signal: AbortSignal
}

/**
 * Keeps the cluster in line with every ModelDeployment until the signal aborts; can be started again after
 * that. Each change of a deployment, of what was made for it, or of a cache that it names leads to one look.
 */
export function startDeploymentReconciler(options: DeploymentReconcilerOptions): void {
  const { stores, rest, recorder, observer, logger, signal } = options
  const inNamespace = indexStore(stores.ModelDeployment, ({ metadata }) => metadata.namespace, signal)
  /** What was last applied, by object: a version of the spec and of the object. */
  const applied = new Map<string, string>()

  const cachesOf = ({ metadata, spec }: KnownDeployment) =>
    (spec.caches ?? []).flatMap(({ name }) => stores.ModelCache.get(metadata.namespace, name) ?? [])
  const partOf = (known: KnownDeployment, kind: (typeof PARTS)[number], whole: ModelDeployment): Part => {
    const { namespace, name } = known.metadata
    return {
      kind: KINDS[kind].kind,
      path: objectPath(KINDS[kind], namespace, name),
      known: stores[kind].get(namespace, name),
      body: () => BODIES[kind](whole),
    }
  }
  const versionOf = (known: KnownDeployment, kind: (typeof PARTS)[number], repositories: string) => {
    const { namespace, name, generation } = known.metadata
    const { metadata } = stores[kind].get(namespace, name) ?? {}
    return `${generation} ${metadata?.uid} ${metadata?.generation ?? metadata?.resourceVersion} ${repositories}`
  }
  const keyOf = ({ metadata }: KnownDeployment, kind: string) => `${kind} ${metadata.uid}`

  const bringInLine = async (known: KnownDeployment): Promise<Cause | undefined> => {
    const caches = cachesOf(known)
    const repositories = JSON.stringify(caches.flatMap(stagedRepository))
    const pending = PARTS.filter(
      kind => applied.get(keyOf(known, kind)) !== versionOf(known, kind, repositories),
    )
    if (pending.length === 0) return undefined
    const { namespace, name } = known.metadata
    const whole = modelDeployment.parse(
      await rest.get(objectPath(KINDS.ModelDeployment, namespace, name), { signal }),
    )
    const wired = withModelPaths(whole, caches)
    const problem = templateProblem(whole)
    if (problem !== undefined) return { reason: 'TemplateInvalid', message: problem }
    for (const kind of pending) {
      const before = versionOf(known, kind, repositories)
      const obstacle = await applyPart(known, partOf(known, kind, wired), { rest, signal })
      if (obstacle !== undefined) return obstacle
      applied.set(keyOf(known, kind), before)
      logger.info({ namespace, name, kind: KINDS[kind].kind }, 'applied')
    }
    return undefined
  }

  const observe = async (
    deployment: KnownDeployment,
    obstacle: Cause | undefined,
  ): Promise<SeenDeployment> => {
    const { namespace = '', name } = deployment.metadata
    const caches = (deployment.spec.caches ?? []).map(cache => ({
      name: cache.name,
      cache: stores.ModelCache.get(namespace, cache.name),
    }))
    const workload = stores.ServingDeployment.get(namespace, name)
    const { readyReplicas = 0, conditions = [] } = workload?.status ?? {}
    // While a cache is missing, that is why.
    const isShort =
      workload !== undefined &&
      readyReplicas < deployment.spec.replicas &&
      caches.every(({ cache }) => cache !== undefined && isReady(cache))
    const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
    const trouble = !isShort
      ? undefined
      : (failure?.message ?? (await podTrouble(rest, namespace, selectorText(name), signal)))
    return { deployment, caches, workload, obstacle, trouble, now: Date.now() }
  }

  startReconciler({
    name: 'modeldeployment',
    store: stores.ModelDeployment,
    kind: 'ModelDeployment',
    sources: [
      owns(stores.ServingDeployment),
      owns(stores.ServingService),
      owns(stores.ServingBudget),
      watches(stores.ModelCache, ({ metadata }) =>
        [...inNamespace(metadata.namespace ?? '')].filter(({ spec }) =>
          spec.caches?.some(({ name }) => name === metadata.name),
        ),
      ),
    ],
    async reconcile(deployment) {
      if (deployment.metadata.deletionTimestamp !== undefined) return undefined
      const obstacle = await bringInLine(deployment)
      const seen = await observe(deployment, obstacle)
      const status = statusOf(seen)
      const isStored =
        isSameStatus(status, deployment.status) ||
        (await applyStatus(KINDS.ModelDeployment, deployment.metadata, status, { rest, signal }))
      if (!isStored) return { againMs: STALE_MS }
      const { namespace = '', name, uid } = deployment.metadata
      const event = transition(deployment.status, status)
      if (event !== undefined)
        await recorder.record(
          { apiVersion: API_VERSION, kind: 'ModelDeployment', namespace, name, uid },
          event,
        )
      const isDone = status.conditions?.every(
        ({ type, status: held }) => type === 'Progressing' || held === 'True',
      )
      return isDone ? undefined : { againMs: TROUBLE_MS }
    },
    concurrency: CONCURRENCY,
    observer,
    logger,
    signal,
  })
  const forget = stores.ModelDeployment.onChange(change => {
    if (change.type !== 'deleted') return
    for (const kind of PARTS) applied.delete(keyOf(change.object, kind))
  })
  signal.addEventListener('abort', forget, { once: true })
}
