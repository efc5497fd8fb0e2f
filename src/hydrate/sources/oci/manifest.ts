import { createHash } from 'node:crypto'
import { z } from 'zod'
import { firstIssue, parseJson } from '../../../api/schema/parse.ts'
import { foreign } from '../../../api/schema/text.ts'
import { HydrationError } from '../../failure.ts'
import { contentOf } from '../../fetch/content.ts'
import type { Http, SourceRequest } from '../../fetch/http.ts'
import { checkDepth } from '../../fetch/json.ts'
import { shown } from '../../fetch/rejection.ts'
import { headerOf } from '../../fetch/reply.ts'
import { TransientError, withRetries } from '../../fetch/retry.ts'

const annotations = z.record(z.string(), z.string()).nullish()

/** A digest of the algorithms that the image specification registers. */
const digest = z.string().regex(/^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/)

const descriptor = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().min(0),
  annotations,
})
export type Descriptor = z.infer<typeof descriptor>

const manifest = z.object({
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).nullish(),
})
export type ImageManifest = z.infer<typeof manifest>

const platform = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
})

const index = z.object({
  mediaType: z.string().optional(),
  manifests: z.array(descriptor.extend({ platform: platform.nullish() })),
})
type Index = z.infer<typeof index>

/** What an image and an index of images are called, by OCI and by Docker. */
const ACCEPTED = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

/** Registries take manifests of up to 4 MiB ("Pushing Manifests" of the distribution specification). */
const MAX_BYTES = 4 * 1024 * 1024

/** A manifest, and what identifies it. */
export interface Found {
  digest: string
  manifest: ImageManifest
}

/** Where manifests of a repository are. */
export interface Manifests {
  http: Http
  /** The URL without the tag or digest. */
  url: string
  signal: AbortSignal
}

/**
 * The manifest that a tag or digest stands for: of an index, the one for the platform. `revision` is the
 * digest of what the tag points to.
 *
 * @throws HydrationError SourceNotFound if there is none for the platform.
 */
export async function findManifest(
  manifests: Manifests,
  wanted: string,
  platformWanted: string | undefined,
): Promise<Found & { revision: string }> {
  const top = await read(manifests, wanted)
  if ('manifest' in top) return { ...top, revision: top.digest }
  const chosen = forPlatform(top.index, platformWanted)
  const found = await read(manifests, chosen.digest)
  if ('manifest' in found) return { ...found, revision: top.digest }
  throw new HydrationError('NotImplemented', `${shown(manifests.url)} has an index of indexes`)
}

type Read = Found | { digest: string; index: Index }

async function read({ http, url, signal }: Manifests, wanted: string): Promise<Read> {
  const request: SourceRequest = { url: `${url}/${wanted}`, headers: { accept: ACCEPTED }, signal }
  return withRetries(
    async () => {
      const reply = await http.get(request)
      const text = await contentOf(reply, request.url, MAX_BYTES)
      checkDepth(text, request.url)
      // Only a digest that was asked for says which bytes these must be.
      const found = digestOf(text, wanted.includes(':') ? wanted : 'sha256:')
      if (wanted.includes(':') && found !== wanted) {
        const message = `${shown(request.url)} answers with other bytes than its digest says`
        throw new TransientError('SourceUnavailable', message)
      }
      return { digest: found, ...parsed(text.toString('utf8'), headerOf(reply, 'content-type'), request.url) }
    },
    { signal },
  )
}

function digestOf(text: Uint8Array, like: string): string {
  const [algorithm = ''] = like.split(':')
  return `${algorithm}:${createHash(algorithm).update(text).digest('hex')}`
}

function parsed(
  text: string,
  contentType: string | undefined,
  url: string,
): Omit<Found, 'digest'> | { index: Index } {
  const value = parseJson(text)
  const isIndex = index.safeParse(value)
  if (isIndex.success) return { index: isIndex.data }
  const isManifest = manifest.safeParse(value)
  if (isManifest.success) return { manifest: isManifest.data }
  if (/manifest\.v1\+(pretty)?jws|schemaVersion"\s*:\s*1/.test(`${contentType} ${text.slice(0, 1024)}`))
    throw new HydrationError(
      'NotImplemented',
      `${shown(url)} is an image of the format before 2016; push it again with a current tool`,
    )
  const { field, message } = firstIssue(isManifest.error)
  throw new HydrationError('SourceNotFound', `${shown(url)} is no image or artifact: ${field} ${message}`)
}

/** Attestations stand in an index beside the images that they are about. */
const ATTESTATION = 'vnd.docker.reference.type'
const DEFAULT_PLATFORM = 'linux/amd64'

function forPlatform({ manifests }: Index, wanted: string | undefined): Descriptor {
  const images = manifests.filter(
    ({ annotations: of, platform: is }) => of?.[ATTESTATION] === undefined && is?.os !== 'unknown',
  )
  const found = images.find(({ platform: is }) => is && isPlatform(is, wanted ?? DEFAULT_PLATFORM))
  const [only, ...others] = images
  const isAny = wanted === undefined && others.length === 0
  if (found !== undefined) return found
  if (isAny && only !== undefined) return only
  const known = images.slice(0, 16).map(({ platform: is }) => (is ? wordsOf(is) : 'one without a platform'))
  const message = `the index has no image for ${wanted ?? DEFAULT_PLATFORM}, but for ${foreign(known.join(', ') || 'none', 300)}; set platform`
  throw new HydrationError('SourceNotFound', message)
}

type Platform = z.infer<typeof platform>

function isPlatform({ os, architecture, variant }: Platform, wanted: string): boolean {
  const [wantedOs, wantedArchitecture, wantedVariant = variant] = wanted.split('/')
  return os === wantedOs && architecture === wantedArchitecture && variant === wantedVariant
}

function wordsOf({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(part => part !== undefined && part !== '').join('/')
}
