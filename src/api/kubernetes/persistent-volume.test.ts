import { expect, test } from 'vitest'
import { persistentVolume } from './persistent-volume.ts'

const within = (key: string, ...values: string[]) => ({ key, operator: 'In', values })
const HOST = 'kubernetes.io/hostname'

function node(...nodeSelectorTerms: object[]): string | undefined {
  const spec = { nodeAffinity: { required: { nodeSelectorTerms } } }
  return persistentVolume.parse({ metadata: { name: 'v' }, spec }).spec.onlyNode
}

test.each<[string, object[]]>([
  ['a host name', [{ matchExpressions: [within(HOST, 'a')] }]],
  ['the topology of a driver', [{ matchExpressions: [within('topology.hostpath.csi/node', 'a')] }]],
  ['the name of the node', [{ matchFields: [within('metadata.name', 'a')] }]],
  [
    'a host name in a zone',
    [{ matchExpressions: [within('topology.kubernetes.io/zone', 'z'), within(HOST, 'a')] }],
  ],
  [
    'the same in each of two terms',
    [{ matchExpressions: [within(HOST, 'a')] }, { matchExpressions: [within(HOST, 'a')] }],
  ],
])('%s ties a volume to one node', (_, terms) => {
  expect(node(...terms)).toBe('a')
})

test.each<[string, object[]]>([
  ['nothing', []],
  ['a zone', [{ matchExpressions: [within('topology.kubernetes.io/zone', 'a')] }]],
  ['two host names', [{ matchExpressions: [within(HOST, 'a', 'b')] }]],
  [
    'one of two terms',
    [{ matchExpressions: [within(HOST, 'a')] }, { matchExpressions: [within(HOST, 'b')] }],
  ],
  ['a term without a node', [{ matchExpressions: [within(HOST, 'a')] }, {}]],
  ['every host name but one', [{ matchExpressions: [{ key: HOST, operator: 'NotIn', values: ['a'] }] }]],
  ['a node pool', [{ matchExpressions: [within('cloud.google.com/gke-nodepool', 'a')] }]],
])('%s does not', (_, terms) => {
  expect(node(...terms)).toBeUndefined()
})

test('a volume without node affinity is not tied to one', () => {
  expect(
    persistentVolume.parse({ metadata: { name: 'v' }, spec: { nodeAffinity: null } }).spec.onlyNode,
  ).toBeUndefined()
})
