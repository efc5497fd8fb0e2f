import type { Row, Rule, Source, Verdict } from '../src/storage/provisioner-rule.ts'
import { knownProvisioners } from '../src/storage/provisioners.ts'
import { page, table, wrapped } from './markdown.ts'

const INTRODUCTION =
  'A ModelCache of backend PVC needs a StorageClass whose claims many nodes can mount at once (ReadWriteMany). Nothing in the Kubernetes API says whether a class supports that, so ModelCache knows these provisioners. A `*` in a name stands for any text. Annotation `modelplane.ai/access-modes` on the StorageClass overrides this table, and so do `spec.storage.csiDrivers` of the InferenceCluster and the StorageProfile that the Containerized Data Importer creates for the class. If nobody knows, the webhook does what `--unknown-provisioner` says.'

const ANSWERS: Readonly<Record<Verdict['answer'], string>> = { yes: 'yes', no: 'no', unknown: 'not known' }

const SOURCES: Readonly<Record<Source, string>> = {
  driver: "the driver's documentation, manifests or source",
  cdi: 'pkg/storagecapabilities of kubevirt/containerized-data-importer',
  'csi-list': 'the list of drivers of kubernetes-csi',
  usage: 'manifests and guides of people who run it this way',
  memory: 'general knowledge, not checked against the driver',
}

/** docs/storage-classes.md: what we know about each provisioner, and from where. */
export function storageClassesMarkdown(): string {
  const sources = Object.entries(SOURCES).map(([source, meaning]) => [source, meaning])
  return page('src/storage/', 'Storage classes', [
    wrapped(INTRODUCTION),
    table(['provisioner', 'ReadWriteMany', 'because it', 'known from'], knownProvisioners.flatMap(rowsOf)),
    'Where a row comes from, best first:',
    table(['word', 'meaning'], sources),
  ])
}

function rowsOf([name, source, rule]: Row): string[][] {
  return verdictsOf(rule).map(({ answer, why }, index) => [
    index === 0 ? `\`${name}\`` : '',
    ANSWERS[answer],
    why,
    index === 0 ? source : '',
  ])
}

/** Every verdict that a rule can reach, with the value that leads to it. */
function verdictsOf(rule: Rule): Verdict[] {
  if ('answer' in rule) return [rule]
  const [parameter] = rule.names
  const cases = Object.entries(rule.cases).map(([value, { answer, why }]) => ({
    answer,
    why: `with \`${parameter}=${value}\` ${why}`,
  }))
  const others = rule.otherwise ? verdictsOf(rule.otherwise) : []
  return [...cases, ...others.map(({ answer, why }) => ({ answer, why: `otherwise ${why}` }))]
}
