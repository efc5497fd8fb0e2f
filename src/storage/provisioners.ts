import { arrayProvisioners } from './array-provisioners.ts'
import { cloudProvisioners } from './cloud-provisioners.ts'
import { clusterProvisioners } from './cluster-provisioners.ts'
import { applyRule, type ClassParameters, type Row, type Rule, type Verdict } from './provisioner-rule.ts'

/** Every provisioner that we know. Nothing in the Kubernetes API says which access modes one supports. */
export const knownProvisioners: readonly Row[] = [
  ...cloudProvisioners,
  ...arrayProvisioners,
  ...clusterProvisioners,
]

const exact = new Map<string, Rule>()
const patterns: { prefix: string; suffix: string; rule: Rule }[] = []
for (const [name, , rule] of knownProvisioners) {
  const [prefix = '', suffix] = name.split('*')
  if (suffix === undefined) exact.set(name, rule)
  else patterns.push({ prefix, suffix, rule })
}

/**
 * What we know about a provisioner with these class parameters; undefined if the table does not have it. A
 * row with the full name wins over a row with a pattern.
 */
export function provisionerVerdict(provisioner: string, parameters: ClassParameters): Verdict | undefined {
  const rule = exact.get(provisioner) ?? patternRule(provisioner)
  return rule && applyRule(rule, parameters)
}

function patternRule(provisioner: string): Rule | undefined {
  return patterns.find(
    ({ prefix, suffix }) =>
      provisioner.length > prefix.length + suffix.length &&
      provisioner.startsWith(prefix) &&
      provisioner.endsWith(suffix),
  )?.rule
}
