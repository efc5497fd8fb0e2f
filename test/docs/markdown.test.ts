import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { valueAt } from '../../src/admission/value-at.ts'
import { inferenceClusterCrd, modelCacheCrd, modelDeploymentCrd } from '../../tools/crd.ts'
import { inRepository } from '../manifests/support/rendered.ts'
import { proseOf, repositoryFiles, textOf } from './support/prose.ts'

const COLUMNS = 120

const pages = repositoryFiles('*.md')

describe.each(pages)('%s', page => {
  test(`has no line of prose of over ${COLUMNS} columns`, () => {
    const long = proseOf(page).filter(({ text }) => [...text].length > COLUMNS)
    expect(long.map(({ number }) => `${page}:${number}`)).toEqual([])
  })

  test('links to pages that exist', () => {
    const targets = [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, target = '']) =>
      posix.join(posix.dirname(page), target),
    )
    expect(targets.filter(target => !existsSync(inRepository(target)))).toEqual([])
  })

  test('names files that exist', () => {
    const named = [
      ...textOf(page).matchAll(/`((?:src|test|tools|manifests|chart|certs|examples|docs)\/[\w./-]+)`/g),
    ]
    const paths = named.map(([, path = '']) => path).filter(path => !path.endsWith('-'))
    expect(paths.filter(path => !existsSync(inRepository(path)))).toEqual([])
  })
})

/** Fields of other kinds that pages name. */
const OF_OTHERS =
  /^status\.details\.causes$|^spec\.(annotations|containers|ephemeralContainers|initContainers|jobTemplate|labels|leaderWorkerTemplate|nodeName|nodeSelector|schedulingGates|selector|suspend|template|volumes|workers\[)/

const CRDS = [modelCacheCrd(), modelDeploymentCrd(), inferenceClusterCrd()].map(crd =>
  valueAt(crd, 'spec.versions.0.schema.openAPIV3Schema'),
)

/** Whether one of our kinds has a field. What it keeps without a schema may have any name. */
function isField(path: string): boolean {
  return CRDS.some(root => {
    let schema = root
    for (const name of path.split('.')) {
      if (valueAt(schema, 'x-kubernetes-preserve-unknown-fields') === true) return true
      const members = valueAt(schema, 'properties') ?? valueAt(schema, 'items.properties')
      if (valueAt(schema, 'additionalProperties') !== undefined) return true
      schema = valueAt(members, name)
      if (schema === undefined) return false
    }
    return true
  })
}

test('fields of spec and status that pages name exist', () => {
  const named = pages
    .filter(page => page !== 'CHANGELOG.md')
    .flatMap(page =>
      [...textOf(page).matchAll(/`((?:spec|status)\.[A-Za-z.]+?)\.?(?:\[\])?(?=[`:=\s])/g)].map(
        ([, path = '']) => ({ page, path }),
      ),
    )
  expect(named.length).toBeGreaterThan(50)
  const wrong = named.filter(({ path }) => !OF_OTHERS.test(path) && !isField(path))
  expect(wrong).toEqual([])
})

test('README.md fits on few screens', () => {
  const lines = textOf('README.md').trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(120)
  expect(lines.filter(line => [...line].length > COLUMNS)).toEqual([])
})

test('test/testbed/README.md names every file of its folder', () => {
  const page = textOf('test/testbed/README.md')
  const files = repositoryFiles('test/testbed/*.ts').filter(
    file => posix.dirname(file) === 'test/testbed' && !file.endsWith('.test.ts'),
  )
  expect(files.length).toBeGreaterThan(20)
  expect(files.filter(file => !page.includes(`\`${posix.basename(file)}\``))).toEqual([])
})

test('docs/README.md has every page', () => {
  const index = textOf('docs/README.md')
  const others = repositoryFiles('docs/*.md').map(file => posix.basename(file))
  expect(others.filter(name => name !== 'README.md' && !index.includes(`](${name})`))).toEqual([])
})

describe('docs/architecture.md', () => {
  const page = textOf('docs/architecture.md')

  test('names files by their bare name only where their folder is the one named before', () => {
    const missing: string[] = []
    let folder = ''
    for (const [, path = ''] of page.matchAll(/`((?:src\/[\w/-]+\/|steps\/)?[\w-]+\.ts)`/g)) {
      if (path.startsWith('src/')) folder = posix.dirname(path)
      const full = path.startsWith('src/') ? path : posix.join(folder, path)
      if (!existsSync(inRepository(full))) missing.push(full)
    }
    expect(missing).toEqual([])
  })

  test('has the table of imports that the dependency test holds', () => {
    const source = readFileSync(inRepository('src/dependencies.test.ts'), 'utf8')
    const rows = [...page.matchAll(/^\| `src\/(\w+)\/` \| .* \| ([\w., ]+) \|$/gm)]
    expect(rows.length).toBeGreaterThan(10)
    for (const [, room = '', imports = ''] of rows) {
      if (imports === 'all of them') continue
      const list =
        imports === 'nothing'
          ? ''
          : imports
              .split(', ')
              .map(name => `'${name}'`)
              .join(', ')
      expect(source, room).toContain(`  ${room}: [${list}],`)
    }
  })
})
