import { describe, expect, test } from 'vitest'
import { problemLine } from './manifest.ts'
import { readManifests } from './read-manifests.ts'

const read = (text: string, file = 'in.yaml') => readManifests(file, text, 'default')

/** Where each object starts. */
const lines = (text: string) => {
  const { manifests, problems } = read(text)
  expect(problems).toEqual([])
  return manifests.map(({ kind, name, line }) => `${line} ${kind} ${name}`)
}

/** The only object of a text. */
const only = (text: string) => {
  const { manifests, problems } = read(text)
  expect(problems).toEqual([])
  expect(manifests).toHaveLength(1)
  return manifests[0]
}

const errors = (text: string, file?: string) => read(text, file).problems.map(problemLine)

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n'

describe('the line of an object', () => {
  test('is that of its first key, whatever stands before it', () => {
    expect(lines(`# a comment\n---\n# another\n\n${POD}---\n---\n${POD}...\n---\n# the end\n`)).toEqual([
      '5 Pod a',
      '10 Pod a',
    ])
  })

  test('in a list is that of its item, in lists of lists too', () => {
    const list = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: { name: first }
- apiVersion: v1
  kind: List
  items:
    -
      apiVersion: v1
      kind: Pod
      metadata: { name: second }
    - { apiVersion: v1, kind: Pod, metadata: { name: third } }
`
    expect(lines(list)).toEqual(['4 Pod first', '11 Pod second', '14 Pod third'])
  })

  test('in JSON is that of its brace, and tabs may indent', () => {
    const json = JSON.stringify(
      { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }] },
      undefined,
      '\t',
    )
    expect(lines(json)).toEqual(['5 Pod a'])
  })

  test('survives a byte order mark and the line ends of Windows', () => {
    expect(lines(`\ufeff# x\r\n${POD.replaceAll('\n', '\r\n')}`)).toEqual(['2 Pod a'])
  })
})

describe('an object', () => {
  test('of a typed list has the kind that the list says', () => {
    const list = 'apiVersion: v1\nkind: PodList\nitems:\n- metadata: { name: a, namespace: ml }\n'
    expect(only(list)).toMatchObject({ apiVersion: 'v1', kind: 'Pod', name: 'a', namespace: 'ml', line: 4 })
  })

  test('whose kind merely ends in List is no list', () => {
    expect(lines('apiVersion: example.com/v1\nkind: AllowList\nmetadata: { name: a }\n')).toEqual([
      '1 AllowList a',
    ])
  })

  test('has the namespace that it states, else the one given, and the beginning of a generated name', () => {
    expect(only(POD)).toMatchObject({ namespace: 'default' })
    expect(only('apiVersion: v1\nkind: Pod\nmetadata: { generateName: a-, namespace: ml }\n')).toMatchObject({
      namespace: 'ml',
      name: 'a-',
    })
  })

  test('whose metadata are nonsense is an object all the same: its kind will not take it', () => {
    expect(only('apiVersion: v1\nkind: Pod\nmetadata: nonsense\n')).toMatchObject({ kind: 'Pod', name: '' })
  })

  test('may use anchors, aliases and merge keys', () => {
    const text = `${POD}a: &a { x: 1 }\nb: *a\nc: { <<: *a, y: 2 }\n`
    expect(only(text)?.object).toMatchObject({ b: { x: 1 }, c: { x: 1, y: 2 } })
  })

  test('has scalars as the YAML of kubectl reads them', () => {
    const text = `${POD}a: yes\nb: 0644\nc: 12:30:45\nd: 2031-01-01\ne: !!binary aGk=\n`
    expect(only(text)?.object).toMatchObject({
      a: true,
      b: 0o644,
      c: '12:30:45',
      d: '2031-01-01',
      e: 'aGk=',
    })
  })
})

describe('what cannot be read is told with its place:', () => {
  test('every error, those of one document beside the objects of the others', () => {
    const { manifests, problems } = read(`a: [\n---\n${POD}---\nkind: Pod\n---\napiVersion: v1\n---\n- 1\n`)
    expect(manifests.map(({ line }) => line)).toEqual([3])
    expect(problems.map(problemLine)).toEqual([
      expect.stringMatching(/^in\.yaml:2:1: .*flow/i),
      'in.yaml:7: not a Kubernetes object: it has no apiVersion',
      'in.yaml:9: not a Kubernetes object: it has no kind',
      'in.yaml:11: not a Kubernetes object',
    ])
  })

  test('every key that is given twice', () => {
    expect(errors(`${POD}kind: Pod\nmetadata: { name: b }\n`)).toEqual([
      'in.yaml:4:1: Map keys must be unique',
      'in.yaml:5:1: Map keys must be unique',
    ])
  })

  test('an alias without its anchor', () => {
    expect(errors(`---\n${POD}a: *b\n`)).toEqual([
      expect.stringMatching(/^in\.yaml:2:1: Unresolved alias.* b$/),
    ])
  })

  test('aliases that would fill the memory', () => {
    const nine = (name: string) => `[${Array(9).fill(name).join(', ')}]`
    const bomb = `a: &a ${nine('x')}\nb: &b ${nine('*a')}\nc: &c ${nine('*b')}\nd: ${nine('*c')}\n`
    expect(errors(bomb)).toEqual([expect.stringMatching(/^in\.yaml:1:1: Excessive alias count/)])
  })

  test('an item of a list that is no object', () => {
    expect(errors('apiVersion: v1\nkind: List\nitems:\n- {}\n- null\n')).toEqual([
      'in.yaml:4: not a Kubernetes object: it has no apiVersion and kind',
      'in.yaml:5: not a Kubernetes object',
    ])
  })

  test.each([
    ['a value that is a template', `${POD}spec: {{ .Values.spec }}\n`],
    ['a block that is a template', `{{- if .Values.pod }}\n${POD}{{- end }}\n`],
  ])('%s, and that it is to be rendered first', (_, text) => {
    const told = errors(text)
    expect(told.length).toBeGreaterThan(0)
    for (const error of told) expect(error).toMatch(/^in\.yaml:\d+:\d+: .*helm template CHART \| modelcache/)
  })

  test('braces in a text are no template', () => {
    expect(errors(`${POD}a: "{{ message }}"\n`)).toEqual([])
  })

  test.each([
    ['without a kind', 'resources: [a.yaml]\n'],
    ['with its kind', 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n'],
  ])('a kustomization %s, and that it is to be rendered first', (_, text) => {
    expect(errors(text, 'base/kustomization.yaml')).toEqual([
      expect.stringMatching(
        /^base\/kustomization\.yaml:1: .*kubectl kustomize DIR \| modelcache review -f -$/,
      ),
    ])
  })
})
