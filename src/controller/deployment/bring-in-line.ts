import type { Logger } from 'pino'
import type { KnownDeployment } from '../../api/condensed-deployment.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { type ModelDeployment, modelDeployment } from '../../api/modeldeployment.ts'
import type { DeploymentCause } from '../../api/modeldeployment-reasons.ts'
import { KINDS } from '../../cluster/kinds.ts'
import type { Stores } from '../../cluster/stores.ts'
import { type Bootstrap, chooseGangBootstrap } from '../../deployment/bootstrap/choose.ts'
import { stagedRepository, withModelPaths } from '../../deployment/model-path.ts'
import { budgetOf, serviceOf, workloadOf } from '../../deployment/objects.ts'
import { templateProblem } from '../../deployment/pod-template.ts'
import { rewiring } from '../../deployment/rewiring.ts'
import type { EventInput } from '../../kube/events.ts'
import { objectPath } from '../../kube/resource.ts'
import type { Rest } from '../../kube/rest.ts'
import { applyPart, removePart } from './apply.ts'
import { PART_KINDS, type PartKind, WORKLOADS } from './parts.ts'

const BODIES = {
  ServingDeployment: workloadOf,
  ServingGangs: workloadOf,
  ServingService: serviceOf,
  ServingBudget: budgetOf,
} satisfies Record<PartKind, (deployment: ModelDeployment) => object>

export interface BringInLineOptions {
  stores: Stores<'ModelCache' | PartKind>
  rest: Pick<Rest, 'apply' | 'delete' | 'get'>
  logger: Logger
  signal: AbortSignal
}

/** What came of bringing the objects of a deployment in line. */
export interface InLine {
  /** Why that cannot be done. */
  obstacle?: DeploymentCause | undefined
  /** How the pods of a gang start as one engine. */
  bootstrap?: Bootstrap | undefined
  /** What to tell people about it. */
  event?: EventInput | undefined
}

/**
 * Brings the objects of deployments in line, each one only if the deployment, its caches or the object itself
 * have changed since.
 */
export function createBringInLine({ stores, rest, logger, signal }: BringInLineOptions) {
  /** What was last applied, by object: a version of the spec and of the object. */
  const applied = new Map<string, string>()
  /** How the gangs of each deployment start. */
  const bootstraps = new Map<string | undefined, Bootstrap | undefined>()

  const versionOf = ({ metadata, spec }: KnownDeployment, kind: PartKind, repositories: string) => {
    const { namespace, name, generation, annotations } = metadata
    const made = stores[kind].get(namespace, name)?.metadata
    const version = made?.generation ?? made?.resourceVersion
    return JSON.stringify([generation, spec.replicas, annotations, made?.uid, version, repositories])
  }
  const keyOf = ({ metadata }: KnownDeployment, kind: PartKind) => `${kind} ${metadata.uid}`
  const locate = ({ metadata: { namespace, name } }: KnownDeployment, kind: PartKind) => ({
    kind: KINDS[kind].kind,
    path: objectPath(KINDS[kind], namespace, name),
    known: stores[kind].get(namespace, name),
  })

  const forget = (deployment: KnownDeployment): void => {
    for (const kind of PART_KINDS) applied.delete(keyOf(deployment, kind))
    bootstraps.delete(deployment.metadata.uid)
  }

  /** Two workloads of one deployment would both want its accelerators. */
  const removeOther = async (known: KnownDeployment) => {
    for (const other of Object.values(WORKLOADS))
      if (other !== WORKLOADS[known.spec.strategy])
        await removePart(known, locate(known, other), { rest, signal })
  }
  const applyAll = async (
    known: KnownDeployment,
    pending: readonly PartKind[],
    wired: ModelDeployment,
    repositories: string,
  ): Promise<DeploymentCause | undefined> => {
    const { namespace, name } = known.metadata
    for (const kind of pending) {
      const before = versionOf(known, kind, repositories)
      const part = { ...locate(known, kind), body: () => BODIES[kind](wired) }
      const obstacle = await applyPart(known, part, { rest, signal })
      if (obstacle !== undefined) return obstacle
      applied.set(keyOf(known, kind), before)
      logger.info({ namespace, name, kind: KINDS[kind].kind }, 'applied')
    }
    return undefined
  }

  return {
    /**
     * Deletes what creates pods, because none is to serve here any more. The Service stays: a mesh over
     * several clusters looks for it in each of them.
     */
    async removeWorkload(known: KnownDeployment): Promise<void> {
      forget(known)
      for (const kind of Object.values(WORKLOADS))
        await removePart(known, locate(known, kind), { rest, signal })
    },

    /** Brings all objects in line, with as many replicas as `known` has. */
    async bringInLine(known: KnownDeployment, caches: readonly ModelCache[]): Promise<InLine> {
      const { namespace, name } = known.metadata
      const workload = WORKLOADS[known.spec.strategy]
      const repositories = JSON.stringify(caches.flatMap(stagedRepository))
      const pending = ([workload, 'ServingService', 'ServingBudget'] as const).filter(
        kind => applied.get(keyOf(known, kind)) !== versionOf(known, kind, repositories),
      )
      const { uid } = known.metadata
      if (pending.length === 0) return { bootstrap: bootstraps.get(uid) }
      const stored = modelDeployment.parse(
        await rest.get(objectPath(KINDS.ModelDeployment, namespace, name), { signal }),
      )
      const whole = { ...stored, spec: { ...stored.spec, replicas: known.spec.replicas } }
      const problem = templateProblem(whole)
      if (problem !== undefined) return { obstacle: { reason: 'TemplateInvalid', message: problem } }
      const choice = chooseGangBootstrap(whole)
      if (choice && 'problem' in choice)
        return { obstacle: { reason: 'BootstrapUnknown', message: choice.problem } }
      const bootstrap = choice?.bootstrap
      bootstraps.set(uid, bootstrap)
      const wired = withModelPaths(whole, caches)
      await removeOther(known)
      const obstacle = await applyAll(known, pending, wired, repositories)
      if (obstacle !== undefined) return { obstacle, bootstrap }
      const note = pending.includes(workload) ? rewiring(whole, wired) : undefined
      return {
        bootstrap,
        event: note === undefined ? undefined : { type: 'Normal', reason: 'Wired', action: 'Serve', note },
      }
    },

    forget,
  }
}
