import { HydrationError } from '../failure.ts'
import { runPool } from '../fetch/pool.ts'
import { shown } from '../fetch/rejection.ts'
import { checksumFile } from './checksum-file.ts'
import { type HttpFile, httpFile } from './http-file.ts'
import type { Listing, Resolved, SourceContext } from './source.ts'

type Http = NonNullable<SourceContext['source']['http']>

/** How many servers are asked at a time. */
const SIDE_BY_SIDE = 8

/**
 * A file behind a URL, an archive whose files belong in the snapshot, or several files. With a SHA-256 a file
 * is identified without a call, and otherwise by what the server says about the bytes.
 */
export async function http(source: Http, context: SourceContext): Promise<Resolved> {
  const { http: client, signal } = context
  const { places, token } = await placesOf(source, context)
  const sums =
    source.sha256sums === undefined
      ? undefined
      : await checksumFile(client, { url: source.sha256sums, token, signal })
  const files: HttpFile[] = []
  const tasks = places.map(({ url, path, sha256: given }, index) => async (either: AbortSignal) => {
    const sha256 = given ?? sums?.(url)
    const isGiven = given !== undefined
    files[index] = await httpFile({ url, path, sha256, isGiven, token }, { client, signal: either })
  })
  await runPool(tasks, SIDE_BY_SIDE, signal)
  return {
    identity: JSON.stringify(identityOf(source, files)),
    list: () => list(source, files),
  }
}

/** The same for sources that give the same bytes. A URL in a Secret is named without its token. */
function identityOf({ url, urls, archive, stripComponents }: Http, files: readonly HttpFile[]): object {
  const [only] = files
  if (urls !== undefined) return { kind: 'http', urls: files.map(file => [file.url, file.of, file.path]) }
  return { kind: 'http', url: url ?? shown(only?.url ?? ''), of: only?.of, archive, stripComponents }
}

async function list(
  { urls, archive = 'Auto', stripComponents }: Http,
  all: readonly HttpFile[],
): Promise<Listing> {
  const files = await Promise.all(all.map(({ file }) => file()))
  const [only] = all
  if (urls !== undefined || archive === 'None' || only === undefined) return { files }
  return {
    files,
    archive: { start: only.start, ...(archive !== 'Auto' && { kind: archive }), stripComponents },
  }
}

interface Place {
  url: string
  path?: string | undefined
  sha256?: string | undefined
}

/** Where the bytes are, and the token for them. A URL in the Secret contains its own token. */
async function placesOf(
  { url, urls, sha256, secretRef }: Http,
  context: SourceContext,
): Promise<{ places: readonly Place[]; token?: string | undefined }> {
  if (urls !== undefined) return { places: urls, token: await context.secret(secretRef) }
  if (url !== undefined) return { places: [{ url, sha256 }], token: await context.secret(secretRef) }
  const { name = '', urlKey: key = '' } = secretRef ?? {}
  const held = (await context.secret({ name, key })) ?? ''
  if (/^https?:/.test(held) && URL.canParse(held)) return { places: [{ url: held, sha256 }] }
  throw new HydrationError('SecretMalformed', `key ${key} of Secret ${name} holds no http or https URL`)
}
