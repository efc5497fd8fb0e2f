/**
 * What one provisioner does with a ReadWriteMany claim for a file system. `why` continues the words
 * "provisioner NAME", so that all messages about provisioners read alike.
 */
export type Verdict = { readonly answer: 'yes' | 'no' | 'unknown'; readonly why: string }

/** `parameters` of a StorageClass: free-form strings that Kubernetes hands to the provisioner unread. */
export type ClassParameters = Readonly<Record<string, string>>

/** A verdict, or how to reach one from the parameters of the class. */
export type Rule = Verdict | ByParameter

/** A rule that depends on the value of one parameter. */
export interface ByParameter {
  /** The names of the parameter, the current one first. The first one that is set counts. */
  readonly names: readonly string[]
  /** The verdict for each value in lower case. A value that ends in `*` matches by prefix. */
  readonly cases: Readonly<Record<string, Verdict>>
  /** The rule if no value matches. If absent, the answer is unknown. */
  readonly otherwise: Rule | undefined
}

/**
 * Where a row comes from, best first. It is beside each row, because nothing in the Kubernetes API can
 * confirm one, and a reader with doubts must know how far to trust it.
 * - `driver`: the driver's own documentation, manifests or source.
 * - `cdi`: pkg/storagecapabilities of kubevirt/containerized-data-importer.
 * - `csi-list`: the list of drivers in kubernetes-csi/docs, which repeats what each vendor states.
 * - `usage`: manifests and guides of others who run it in this mode.
 * - `memory`: general knowledge, not verified against the driver's documentation.
 */
export type Source = 'driver' | 'cdi' | 'csi-list' | 'usage' | 'memory'

/**
 * A provisioner's name, in which one `*` stands for any text of at least one character; its source; its rule.
 */
export type Row = readonly [name: string, source: Source, rule: Rule]

/** File systems that many nodes can mount at once. `what` names the kind: "NFS shares". */
export const shared = (what: string): Verdict => ({
  answer: 'yes',
  why: `provides ${what}, mountable by many nodes`,
})
export const no = (why: string): Verdict => ({ answer: 'no', why })
export const unknown = (why: string): Verdict => ({ answer: 'unknown', why })

export const BLOCK = no('provides block volumes, attachable to one node only')
export const RAW_BLOCK = no('shares its block volumes between nodes as raw devices only, not as file systems')
export const ONE_NODE = no('provides volumes on the disk of a single node')
export const STATIC = no('mounts volumes that somebody else has prepared, and provisions none')
export const REMOVED = no('is a volume plugin that Kubernetes has removed')
export const BUCKET = no('hands out object buckets, not volumes')

/**
 * The parameters in which a class states the file system: the prefixed one, and the older one without a
 * prefix.
 */
export const FS_TYPE = ['csi.storage.k8s.io/fstype', 'fsType'] as const

/**
 * Decides by the value of one parameter, the first of `names` that is set. Keys of `cases` are values in
 * lower case; one that ends in `*` matches by prefix. Without a match `otherwise` decides, and without that
 * the answer is unknown. Names and values match in any case: drivers differ in that, and none gives case a
 * meaning.
 */
export function byParameter(
  names: string | readonly string[],
  cases: Readonly<Record<string, Verdict>>,
  otherwise?: Rule,
): Rule {
  return { names: typeof names === 'string' ? [names] : names, cases, otherwise }
}

/** The verdict of a rule on a class with these parameters. */
export function applyRule(rule: Rule, parameters: ClassParameters): Verdict {
  if ('answer' in rule) return rule
  const { names, cases, otherwise } = rule
  const found = parameterOf(parameters, names)
  const verdict = found && matchingCase(cases, found.value.trim().toLowerCase())
  if (found && verdict) return { ...verdict, why: `with ${found.name}=${found.value} ${verdict.why}` }
  if (otherwise) return applyRule(otherwise, parameters)
  const state = found ? `has an unknown value:  "${found.value}"` : 'is not set'
  return unknown(`decides by parameter ${names[0]}, which ${state}`)
}

function parameterOf(parameters: ClassParameters, names: readonly string[]) {
  for (const name of names) {
    const entry = Object.entries(parameters).find(([key]) => key.toLowerCase() === name.toLowerCase())
    if (entry) return { name: entry[0], value: entry[1] }
  }
  return undefined
}

function matchingCase(cases: Readonly<Record<string, Verdict>>, value: string): Verdict | undefined {
  const match = Object.entries(cases).find(([key]) =>
    key.endsWith('*') ? value.startsWith(key.slice(0, -1)) : value === key,
  )
  return match?.[1]
}
