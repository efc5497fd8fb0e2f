import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLayeredNames, type LayeredNames } from './layered-names.ts'

const file = { isLink: false }

describe('a layer', () => {
  test('replaces a file by a folder, and a folder with all in it by a file', () => {
    const names = createLayeredNames()
    names.add('a', file)
    names.add('b/c/d', file)
    names.nextLayer()
    expect(names.add('a/x', file)).toEqual({ gone: ['a'] })
    expect(names.add('b', file)).toEqual({ gone: ['b/c/d', 'b/c', 'b'] })
    expect([names.hasFolder('a'), names.hasFolder('b')]).toEqual([true, false])
  })

  test('puts nothing below a link', () => {
    const names = createLayeredNames()
    names.add('lib', { isLink: true })
    expect(names.add('lib/x', file)).toEqual({ gone: [], under: 'lib' })
    expect(names.addFolder('lib/x/y')).toEqual({ gone: [], under: 'lib' })
    expect(names.addFolder('lib')).toEqual({ gone: ['lib'] })
    expect(names.add('lib/x', file)).toEqual({ gone: [] })
  })

  test('removes what earlier layers have, and nothing of its own', () => {
    const names = createLayeredNames()
    names.add('a/old', file)
    names.nextLayer()
    names.add('a/new', file)
    expect(names.remove('a')).toEqual(['a/old'])
    expect(names.remove('a')).toEqual([])
    names.nextLayer()
    expect(names.empty('a')).toEqual(['a/new'])
    expect(names.empty('a')).toEqual([])
    expect(names.remove('a')).toEqual(['a'])
    expect(names.hasFolder('a')).toBe(false)
  })
})

/** One change of a layer, in a world of few names, so that they meet. */
const change = fc.record({
  what: fc.constantFrom('add', 'addFolder', 'remove', 'empty', 'nextLayer' as const),
  name: fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 }).map(parts => parts.join('/')),
})

/** The same by a list of all names, as slow as it is plain. */
function createModel() {
  let layer = 0
  let places: { name: string; layer: number; isFolder: boolean }[] = []
  const below = (name: string) => (place: { name: string }) => place.name.startsWith(`${name}/`)
  const drop = (isGone: (place: (typeof places)[number]) => boolean) => {
    places = places.filter(place => !isGone(place))
  }
  const old = (place: { layer: number }) => place.layer < layer
  const parentsOf = (name: string) =>
    name
      .split('/')
      .map((_, depth, parts) => parts.slice(0, depth).join('/'))
      .filter(parent => parent !== '')
  const folder = (name: string) => {
    drop(place => place.name === name && !place.isFolder)
    drop(place => place.name === name)
    places.push({ name, layer, isFolder: true })
  }
  return {
    add(name: string) {
      for (const parent of parentsOf(name)) folder(parent)
      drop(place => place.name === name || below(name)(place))
      places.push({ name, layer, isFolder: false })
    },
    addFolder(name: string) {
      for (const parent of [...parentsOf(name), name]) folder(parent)
    },
    remove(name: string) {
      drop(place => old(place) && !place.isFolder && (place.name === name || below(name)(place)))
    },
    empty(name: string) {
      drop(place => old(place) && !place.isFolder && below(name)(place))
    },
    nextLayer() {
      layer += 1
    },
    files: () =>
      places
        .filter(place => !place.isFolder)
        .map(({ name }) => name)
        .toSorted(),
  }
}

function goneBy(names: LayeredNames, what: keyof LayeredNames, name: string): readonly string[] {
  if (what === 'add') return names.add(name, file).gone
  if (what === 'addFolder') return names.addFolder(name).gone
  if (what === 'remove' || what === 'empty') return names[what](name)
  names.nextLayer()
  return []
}

test('any changes give the files that a plain list gives', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), changes => {
      const [names, model, files] = [createLayeredNames(), createModel(), new Set<string>()]
      for (const { what, name } of changes) {
        for (const gone of goneBy(names, what, name)) files.delete(gone)
        if (what === 'add') files.add(name)
        model[what](name)
      }
      expect([...files].toSorted()).toEqual(model.files())
    }),
    { numRuns: 2_000 },
  )
})
