import { foreign } from '../../../api/schema/text.ts'
import { HydrationError } from '../../failure.ts'
import type { Compression } from '../source.ts'
import type { Descriptor, ImageManifest } from './manifest.ts'

/** How the layers of a manifest become files. */
export interface Layout {
  /** Layers that are a file each. */
  files: readonly { path: string; descriptor: Descriptor }[]
  /** Layers that are tar archives, in their order. */
  archives: readonly { compression: Compression | undefined; descriptor: Descriptor }[]
  /** Each archive changes what those before it have: a container image. */
  isImage: boolean
}

const IMAGE_CONFIG = /^application\/vnd\.(oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/
const IMAGE_LAYER =
  /^application\/vnd\.(oci\.image\.layer\.(nondistributable\.)?v1\.tar|docker\.image\.rootfs\.(foreign\.)?diff\.tar)([+.](gzip|zstd))?$/

/** Where tools write the path of a file: ModelPack, what came before it, and ORAS. */
const PATHS = ['org.cncf.model.filepath', 'org.cnai.model.filepath', 'org.opencontainers.image.title']
/** ORAS packs a folder, and says so. */
const ORAS_FOLDER = 'io.deis.oras.content.unpack'

/** Layers that are tar archives: of ModelPack, KitOps and Docker. */
const PACKED =
  /^application\/vnd\.((cncf|cnai)\.model\.[a-z.]+\.v1|kitops\.modelkit\.[a-z]+\.v1|docker\.ai\.[a-z.]+)\.tar(\+[a-z0-9]+)?$/

/**
 * The files that a manifest stands for, as the tool that wrote it unpacks them: images of containers, and
 * artifacts of ORAS, ModelPack (modctl), KitOps, Docker's and Ollama's models.
 *
 * @throws HydrationError NotImplemented for layers that we cannot unpack, SourceNotFound if nothing has a
 * name.
 */
export function layoutOf({ config, layers }: ImageManifest): Layout {
  const all = layers ?? []
  const isImage = IMAGE_CONFIG.test(config.mediaType) && all.every(({ mediaType }) => isImageLayer(mediaType))
  if (isImage) return { isImage, files: [], archives: all.map(packed) }
  const archives = all.filter(isArchive)
  const single = all.filter(layer => !isArchive(layer))
  const files = distinct(named(single))
  if (archives.length + files.length > 0) return { isImage, files, archives: archives.map(packed) }
  const types = [...new Set(all.map(({ mediaType }) => mediaType))].slice(0, 8).join(', ')
  const message = `the artifact has no layer with a name (annotation ${PATHS[2]}), only ${foreign(types, 300) || 'none at all'}`
  throw new HydrationError('SourceNotFound', message)
}

/** Encrypted layers and others that we cannot read are rejected when they are unpacked. */
function isImageLayer(mediaType: string): boolean {
  return IMAGE_LAYER.test(mediaType.replace(/\+encrypted$/, ''))
}

function isArchive({ mediaType, annotations }: Descriptor): boolean {
  return annotations?.[ORAS_FOLDER] === 'true' || PACKED.test(mediaType)
}

function packed(descriptor: Descriptor): Layout['archives'][number] {
  return { compression: compressionOf(descriptor), descriptor }
}

function compressionOf({ mediaType, annotations }: Descriptor): Compression | undefined {
  const [, suffix] = /\.tar[+.]([a-z0-9+]+)$/.exec(mediaType) ?? []
  if (suffix === 'zstd') return 'zstd'
  if (suffix !== undefined && !suffix.startsWith('gzip') && !suffix.startsWith('gz'))
    throw unsupported(mediaType)
  if (suffix?.endsWith('encrypted')) throw unsupported(mediaType)
  return suffix !== undefined || annotations?.[ORAS_FOLDER] === 'true' ? 'gzip' : undefined
}

function unsupported(mediaType: string): HydrationError {
  const message = `the image has a layer of type ${foreign(mediaType, 200)}; use gzip, zstd or no compression`
  return new HydrationError('NotImplemented', message)
}

/** A layer without a name is left out, as ORAS does, unless its type tells what it is. */
function named(layers: readonly Descriptor[]): Layout['files'] {
  const unnamed = Map.groupBy(
    layers.filter(layer => pathIn(layer) === undefined),
    ({ mediaType }) => nameOf(mediaType),
  )
  const names = new Map(
    [...unnamed].flatMap(([name, same]) =>
      name === undefined
        ? []
        : same.map((layer, place) => [layer, numbered(name, place + 1, same.length)] as const),
    ),
  )
  return layers.flatMap(descriptor => {
    const path = pathIn(descriptor) ?? names.get(descriptor)
    return path === undefined ? [] : [{ path, descriptor }]
  })
}

function pathIn({ annotations }: Descriptor): string | undefined {
  const [path] = PATHS.flatMap(name => annotations?.[name] ?? [])
  return path?.replace(/^(\.\/)+/, '')
}

/** Types of layers that have no name, and what the engine that reads them calls the file. */
const NAMES: readonly (readonly [type: RegExp, name: string])[] = [
  [/^application\/vnd\.docker\.ai\.(gguf\.v3|model\.file\.v1\+gguf)$/, 'model.gguf'],
  [/^application\/vnd\.docker\.ai\.safetensors(\.v1)?$/, 'model.safetensors'],
  [/^application\/vnd\.docker\.ai\.dduf$/, 'model.dduf'],
  [/^application\/vnd\.docker\.ai\.mmproj$/, 'model.mmproj'],
  [/^application\/vnd\.docker\.ai\.chat\.template\.jinja$/, 'template.jinja'],
  [/^application\/vnd\.(docker\.ai|ollama\.image)\.license$/, 'LICENSE'],
  [/^application\/vnd\.cncf\.model\.weight\.v1\.gguf$/, 'model.gguf'],
  [/^application\/vnd\.cncf\.model\.weight\.v1\.safetensors$/, 'model.safetensors'],
  [/^application\/vnd\.ollama\.image\.model$/, 'model.gguf'],
  [/^application\/vnd\.ollama\.image\.projector$/, 'model.mmproj'],
  [/^application\/vnd\.ollama\.image\.template$/, 'template'],
  [/^application\/vnd\.ollama\.image\.params$/, 'params.json'],
  [/^application\/vnd\.ollama\.image\.system$/, 'system'],
]

function nameOf(mediaType: string): string | undefined {
  return NAMES.find(([type]) => type.test(mediaType))?.[1]
}

/** `model-00001-of-00002.gguf`, as llama.cpp and Transformers name the files of one model. */
function numbered(name: string, place: number, of: number): string {
  if (of === 1) return name
  const [stem = '', ...suffix] = name.split('.')
  const number = (value: number) => `${value}`.padStart(5, '0')
  return [`${stem}-${number(place)}-of-${number(of)}`, ...suffix].join('.')
}

/** The same file may be a layer twice. */
function distinct(files: readonly Layout['files'][number][]): Layout['files'] {
  const seen = new Map(files.map(file => [`${file.path}\0${file.descriptor.digest}`, file]))
  return [...seen.values()]
}
