import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { ELECTION_MANAGER } from '../api/names.ts'
import { objectName } from '../api/schema/object-name.ts'
import { runAsLeader } from '../kube/leader/leader-election.ts'
import type { Rest } from '../kube/rest.ts'
import { flag, type Option } from './options.ts'

/** Options of a role whose replicas elect the one that writes. */
export const electionOptions = {
  'no-leader-elect': {
    schema: flag,
    help: 'write without an election; use it only if no other replica runs',
  },
  'leader-election-namespace': {
    schema: objectName.optional(),
    value: 'NAMESPACE',
    help: 'namespace of the Lease; default: --namespace',
  },
} satisfies Record<string, Option>

interface Election {
  options: { 'no-leader-elect': boolean; 'leader-election-namespace'?: string | undefined }
  /** Name of the Lease that all replicas compete for, and where it is unless an option says otherwise. */
  lease: string
  namespace: string
  rest: Rest
  logger: Logger
  signal: AbortSignal
  /** Called with a signal that aborts when this replica leads no longer. */
  lead: (started: AbortSignal) => void
}

/** Leads whenever this replica is elected, or at once if there is no election. */
export async function leadIfElected({ options, lease, namespace, rest, logger, signal, lead }: Election) {
  if (options['no-leader-elect']) return lead(signal)
  // The name of the pod, for people. The rest distinguishes processes with the same pod name, such as the
  // container before a restart.
  const identity = `${hostname()}_${randomUUID()}`
  await runAsLeader({
    namespace: options['leader-election-namespace'] ?? namespace,
    name: lease,
    identity,
    fieldManager: ELECTION_MANAGER,
    rest,
    logger,
    signal,
    lead,
  })
}
