interface Folder {
  /** The layer that put something there last. */
  layer: number
  children: Map<string, Folder | Leaf>
}

/** There may be 100,000 files, so all of a layer share one. */
interface Leaf {
  readonly layer: number
  readonly isLink: boolean
}

/** What a change did. */
export interface Change {
  /** Names that are gone by it, of folders too. */
  gone: readonly string[]
  /** The link that stands where a folder is needed, so that nothing was changed. */
  under?: string
}

/**
 * The names of a file system that is made of layers, as the image specification says ("Applying Changesets").
 * Each name goes once, so all changes together take linear time.
 */
export interface LayeredNames {
  /** A file or link of the current layer. */
  add(name: string, leaf: { isLink: boolean }): Change
  /** A folder of the current layer. */
  addFolder(name: string): Change
  /** Removes what earlier layers have at that name, and below it. */
  remove(name: string): readonly string[]
  /** Removes what earlier layers have below a folder. */
  empty(name: string): readonly string[]
  /** Whether there is anything in a folder of that name. */
  hasFolder(name: string): boolean
  /** From now on, all names so far are of earlier layers. */
  nextLayer(): void
}

export function createLayeredNames(): LayeredNames {
  const root: Folder = { layer: 0, children: new Map() }
  let layer = 0
  let leaves = leavesOf(layer)
  /** What this layer has removed. Once is enough. */
  let pruned = new Set<string>()

  /** The folder of that name. What is missing on the way is made, and files make room. */
  const makeFolder = (parts: readonly string[]): { folder: Folder; gone: string[] } | { under: string } => {
    const gone: string[] = []
    let folder = root
    for (const [depth, part] of parts.entries()) {
      const found = folder.children.get(part)
      if (found !== undefined && !isFolder(found)) {
        const name = parts.slice(0, depth + 1).join('/')
        if (found.isLink) return { under: name }
        gone.push(name)
      }
      const next: Folder = found !== undefined && isFolder(found) ? found : { layer, children: new Map() }
      next.layer = layer
      folder.children.set(part, next)
      folder = next
    }
    return { folder, gone }
  }
  const find = (parts: readonly string[]): Folder | Leaf | undefined => {
    let place: Folder | Leaf | undefined = root
    for (const part of parts) {
      if (place === undefined || !isFolder(place)) return undefined
      place = place.children.get(part)
    }
    return place
  }
  /** Removes what earlier layers have below a place. Returns whether anything is left of the place itself. */
  const prune = (place: Folder | Leaf, name: string, gone: string[]): boolean => {
    if (isFolder(place))
      for (const [part, child] of place.children) {
        const path = name === '' ? part : `${name}/${part}`
        if (prune(child, path, gone)) continue
        place.children.delete(part)
        gone.push(path)
      }
    return place.layer === layer || (isFolder(place) && place.children.size > 0)
  }

  return {
    add(name, { isLink }) {
      const { parents, last } = split(name)
      const made = makeFolder(parents)
      if ('under' in made) return { gone: [], under: made.under }
      const { folder, gone } = made
      // Whatever was there makes room, of this layer too.
      const found = folder.children.get(last)
      if (found !== undefined) collect(found, name, gone)
      folder.children.set(last, isLink ? leaves.link : leaves.file)
      return { gone }
    },
    addFolder(name) {
      const { parents, last } = split(name)
      const made = makeFolder(parents)
      if ('under' in made) return { gone: [], under: made.under }
      const { folder, gone } = made
      const found = folder.children.get(last)
      if (found !== undefined && isFolder(found)) {
        found.layer = layer
        return { gone }
      }
      if (found !== undefined) gone.push(name)
      folder.children.set(last, { layer, children: new Map() })
      return { gone }
    },
    remove(name) {
      const { parents, last } = split(name)
      const parent = find(parents)
      if (parent === undefined || !isFolder(parent) || pruned.has(name)) return []
      pruned.add(name)
      const found = parent.children.get(last)
      const gone: string[] = []
      if (found === undefined || prune(found, name, gone)) return gone
      parent.children.delete(last)
      return [...gone, name]
    },
    empty(name) {
      const found = find(partsOf(name))
      const gone: string[] = []
      // A slash tells it from a removal of the folder itself.
      if (found === undefined || pruned.has(`${name}/`)) return gone
      pruned.add(`${name}/`)
      prune(found, name, gone)
      return gone
    },
    hasFolder(name) {
      const found = find(partsOf(name))
      return found !== undefined && isFolder(found) && found.children.size > 0
    },
    nextLayer() {
      layer += 1
      leaves = leavesOf(layer)
      pruned = new Set()
    },
  }
}

function leavesOf(layer: number): { file: Leaf; link: Leaf } {
  return { file: { layer, isLink: false }, link: { layer, isLink: true } }
}

function isFolder(place: Folder | Leaf): place is Folder {
  return 'children' in place
}

/** The name of a place, and of everything below it. */
function collect(place: Folder | Leaf, name: string, names: string[]): void {
  if (isFolder(place)) for (const [part, child] of place.children) collect(child, `${name}/${part}`, names)
  names.push(name)
}

function partsOf(name: string): string[] {
  return name === '' ? [] : name.split('/')
}

function split(name: string): { parents: string[]; last: string } {
  const parents = partsOf(name)
  const last = parents.pop() ?? ''
  return { parents, last }
}
