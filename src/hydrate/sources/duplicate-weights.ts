const SAFETENSORS = '.safetensors'
/** The weights of a whole model as its developers keep them, which Transformers does not read. */
const CONSOLIDATED = /^consolidated([-_.].*)?\.safetensors(\.index\.json)?$/
/** The same weights for Transformers. */
const TRANSFORMERS = /^model([-_.].*)?\.safetensors$/
const OTHER_FORMATS = /\.(bin|pt|pth|ckpt|h5|msgpack|ot)(\.index\.json)?$/
/** The usual names of files with all weights of a model, by format. */
const WHOLE_MODEL =
  /^(pytorch_model|diffusion_pytorch_model|adapter_model|model|weights|consolidated|tf_model|flax_model|rust_model)([-_.]|$)/

/**
 * Files that hold weights that the repository also has as safetensors: in the same folder or above, with the
 * same name, or with a name that stands for a whole model. Engines read safetensors, and the other formats
 * double the size of a cache. If a folder has all weights twice as safetensors, as Mistral's do, the ones for
 * Transformers stay.
 */
export function duplicateWeights(paths: readonly string[]): ReadonlySet<string> {
  const stems = new Set<string>()
  const folders = new Set<string>()
  const forTransformers = new Set<string>()
  for (const path of paths) {
    if (!path.endsWith(SAFETENSORS)) continue
    stems.add(path.slice(0, -SAFETENSORS.length))
    const folder = folderOf(path)
    folders.add(folder)
    if (TRANSFORMERS.test(path.slice(folder.length))) forTransformers.add(folder)
  }
  return new Set(paths.filter(isDuplicate))

  function isDuplicate(path: string): boolean {
    const folder = folderOf(path)
    const name = path.slice(folder.length)
    if (CONSOLIDATED.test(name)) return forTransformers.has(folder)
    const format = OTHER_FORMATS.exec(path)
    if (format === null) return false
    if (stems.has(path.slice(0, format.index))) return true
    return WHOLE_MODEL.test(name) && hasAbove(folder)
  }

  function hasAbove(folder: string): boolean {
    for (let at = folder; ; at = folderOf(at.slice(0, -1))) {
      if (folders.has(at)) return true
      if (at === '') return false
    }
  }
}

/** Ends with a slash; empty for the root. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
