import type { CelRule } from './cel-rule.ts'
import type { Reason } from './reasons.ts'
import { present } from './schema/cel.ts'

/** The member that each source needs, and that no other may have, with what to say about either. */
export const CLUSTER_MEMBERS = [
  {
    source: 'Existing',
    field: 'existing',
    lacking: 'source Existing needs existing, which names the Secret with its kubeconfig',
    foreign: 'existing belongs to source Existing; remove it',
  },
  {
    source: 'ClusterProfile',
    field: 'clusterProfile',
    lacking: 'source ClusterProfile needs clusterProfile, which names the ClusterProfile',
    foreign: 'clusterProfile belongs to source ClusterProfile; remove it',
  },
] as const

/** What a single InferenceCluster decides, as CEL over `spec`. It holds even if no webhook runs. */
export const inferenceClusterRules: CelRule[] = [
  ...CLUSTER_MEMBERS.flatMap(({ source, field, lacking, foreign }): CelRule[] => {
    const isSource = `(has(self.cluster) && self.cluster.source == '${source}')`
    const isSet = `(${present('self', `cluster.${field}`)})`
    const fieldPath = `.cluster.${field}`
    return [
      {
        rule: `!${isSource} || ${isSet}`,
        message: say('ClusterInvalid', lacking),
        fieldPath,
        reason: 'FieldValueRequired',
      },
      {
        rule: `${isSource} || !${isSet}`,
        message: say('ClusterInvalid', foreign),
        fieldPath,
        reason: 'FieldValueForbidden',
      },
    ]
  }),
]

function say(reason: Reason, text: string): string {
  return `${reason}: ${text}`
}
