import { z } from 'zod'
import { optional } from '../schema/absent.ts'
import { listOf, text } from '../schema/bounds.ts'
import { storedObjectMeta } from './metadata.ts'

const requirement = z.object({
  key: text(512),
  operator: text(64),
  values: optional(listOf(text(512), 1_000)),
})
const requirements = optional(listOf(requirement, 64))

const nodeAffinity = z.object({
  required: optional(
    z.object({
      nodeSelectorTerms: optional(
        listOf(z.object({ matchExpressions: requirements, matchFields: requirements }), 1_000),
      ),
    }),
  ),
})

/**
 * What rules and the controller read of a core/v1 PersistentVolume: the claim that it is bound to, and the
 * node if only one can reach it. A node affinity can be as large as an object gets, so we keep nothing else
 * of it.
 */
export const persistentVolume = z.object({
  metadata: storedObjectMeta,
  spec: z
    .object({
      claimRef: optional(z.object({ namespace: optional(text(253)), name: optional(text(253)) })),
      nodeAffinity: optional(nodeAffinity),
    })
    .transform(({ claimRef, nodeAffinity }) => ({ claimRef, onlyNode: onlyNode(nodeAffinity) })),
})

export type PersistentVolume = z.infer<typeof persistentVolume>

type Requirement = z.infer<typeof requirement>

/**
 * Labels that name a single node, of Kubernetes and of CSI drivers, whose topology keys look like
 * `topology.hostpath.csi/node`.
 */
const NODE_KEY = /\/(hostname|node|nodename|node-name)$/i

/**
 * The only node that can reach a volume, from the node affinity that provisioners of local disks write;
 * undefined if other nodes may reach it too. Kubernetes: one of the terms must hold, and in a term every
 * requirement.
 */
function onlyNode(affinity: z.infer<typeof nodeAffinity> | undefined): string | undefined {
  const terms = affinity?.required?.nodeSelectorTerms ?? []
  const nodes = new Set<string>()
  for (const { matchExpressions = [], matchFields = [] } of terms) {
    const named =
      matchExpressions.find(each => NODE_KEY.test(each.key) && isChoice(each)) ??
      matchFields.find(each => each.key === 'metadata.name' && isChoice(each))
    if (named === undefined) return undefined
    for (const node of named.values ?? []) nodes.add(node)
  }
  const [node] = nodes
  return nodes.size === 1 ? node : undefined
}

function isChoice({ operator }: Requirement): boolean {
  return operator === 'In'
}
