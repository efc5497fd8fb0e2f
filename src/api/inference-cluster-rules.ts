import type { CelRule } from './cel-rule.ts'
import type { Reason } from './reasons.ts'

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
    const isSource = `self.source == '${source}'`
    const isSet = `has(self.${field})`
    const common = { at: 'cluster', fieldPath: `.${field}` }
    return [
      {
        ...common,
        rule: `!(${isSource}) || ${isSet}`,
        message: say('ClusterInvalid', lacking),
        reason: 'FieldValueRequired',
      },
      {
        ...common,
        rule: `${isSource} || !${isSet}`,
        message: say('ClusterInvalid', foreign),
        reason: 'FieldValueForbidden',
      },
    ]
  }),
]

function say(reason: Reason, text: string): string {
  return `${reason}: ${text}`
}
