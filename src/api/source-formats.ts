import { UNPRINTABLE } from './schema/text.ts'

/**
 * One requirement for a field of a source. The patterns use only what JavaScript's regular expressions and
 * RE2 have in common, because the webhook and the CEL of the CRD both evaluate them.
 */
export interface SourceFormat {
  /** Path below `spec`. */
  field: string
  /** The value is a list, and the requirement applies to each item. */
  list?: true
  /** The items of the list are objects, and the requirement applies to this member. */
  member?: string
  /** The value must match this. */
  matches?: string
  /** The value must not match this. */
  lacks?: string
  /** What the value must be, as the end of a sentence that starts with the field. */
  must: string
}

const REPO_PART = '[A-Za-z0-9_]([A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?'
const HOST_PART = '[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
const PATH_PART = '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*'
const TAG = ':[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}'
const DIGEST = '@(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})'
const HUGGING_FACE = 'artifact.source.huggingFace'
/** Query parameters of presigned URLs of S3, GCS and Azure, and other names of credentials. */
export const SIGNED =
  '[?&;#](?i:[a-z0-9_.-]*(token|signature|secret|password|passwd|credential|api[_-]?key|accesskeyid)|sig|sas|jwt|auth|authorization)='

const URLS = 'artifact.source.http.urls'

/** Every place of a source that has a URL. */
export const URL_FIELDS: readonly Pick<SourceFormat, 'field' | 'list' | 'member'>[] = [
  { field: `${HUGGING_FACE}.endpoint` },
  { field: 'artifact.source.s3.endpoint' },
  { field: 'artifact.source.gcs.endpoint' },
  { field: 'artifact.source.azure.endpoint' },
  { field: 'artifact.source.http.url' },
  { field: URLS, list: true, member: 'url' },
  { field: 'artifact.source.http.sha256sums' },
]
const URL_PATHS = { field: URLS, list: true, member: 'path' } as const
const PRINTABLE = { lacks: UNPRINTABLE, must: 'not have control or invisible characters' }

/** The grammar of each source, as far as patterns can say it. */
export const SOURCE_FORMATS: readonly SourceFormat[] = [
  // As validate_repo_id of huggingface_hub.
  {
    field: `${HUGGING_FACE}.repo`,
    matches: `^(${REPO_PART}/)?${REPO_PART}$`,
    must: 'be name or organisation/name, each of up to 96 letters, digits, "-", "_" and ".", and not begin or end with "-" or ".", such as meta-llama/Llama-3.3-70B-Instruct',
  },
  {
    field: `${HUGGING_FACE}.repo`,
    lacks: '--|\\.\\.|\\.git$',
    must: 'not have "--" or "..", nor end with ".git", because no repository on the Hub does',
  },
  // As git check-ref-format.
  {
    field: `${HUGGING_FACE}.revision`,
    matches: '^[^\\x00-\\x20\\x7f~^:?*\\[\\\\]+$',
    must: 'be a branch, tag or commit, without spaces, control characters and ~ ^ : ? * [ \\, such as main',
  },
  {
    field: `${HUGGING_FACE}.revision`,
    lacks: '\\.\\.|//|^[/-]|[/.]$|@\\{|^@$|(^|/)\\.|\\.lock(/|$)',
    must: 'be a name that git allows: no "..", "//" or "@{", no part that begins with "." or ends with ".lock", no "/" or "-" in front, no "/" or "." at the end',
  },
  ...['include', 'exclude'].flatMap((name): SourceFormat[] => [
    {
      field: `${HUGGING_FACE}.${name}`,
      list: true,
      matches: '^[^/\\x00-\\x1f\\x7f][^\\x00-\\x1f\\x7f]*$',
      must: 'be relative to the repository, without "/" in front and without control characters, such as *.safetensors',
    },
    {
      field: `${HUGGING_FACE}.${name}`,
      list: true,
      lacks: '(^|/)\\.\\.(/|$)',
      must: 'not have ".." as a part, because nothing is outside the repository',
    },
  ]),
  // The bucket naming rules of Amazon S3.
  {
    field: 'artifact.source.s3.uri',
    matches: '^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\\x00-\\x1f\\x7f]*)?$',
    must: 'be s3://bucket/prefix/, the bucket of 3 to 63 lower-case letters, digits, "-" and ".", with a letter or digit at both ends',
  },
  {
    field: 'artifact.source.s3.uri',
    lacks: '^s3://[^/]*\\.\\.|^s3://[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+(/|$)|^s3://xn--|/\\.\\.(/|$)',
    must: 'name a bucket without "..", not in the form of an IP address and without the prefix "xn--", and a prefix without ".." as a part',
  },
  ...URL_FIELDS.flatMap((place): SourceFormat[] => [
    {
      ...place,
      matches: '^https?://[^/?#\\x00-\\x20\\x7f]+([/?#][^\\x00-\\x20\\x7f]*)?$',
      must: 'be an http or https URL with a host and without spaces, such as https://models.example.com/llama.tar',
    },
    {
      ...place,
      lacks: '^[^/]*//[^/?#]*@',
      must: 'not have credentials, which anyone who may read this object could read; put them in a Secret and name it in secretRef',
    },
    {
      ...place,
      lacks: SIGNED,
      must: 'not have a token or signature in its query, which anyone who may read this object could read; put the whole URL into a Secret, and name its key in secretRef.urlKey of http',
    },
  ]),
  // Characters that a pattern above allows and that would reach other people's terminals.
  ...(
    [
      [`${HUGGING_FACE}.revision`],
      [`${HUGGING_FACE}.include`, true],
      [`${HUGGING_FACE}.exclude`, true],
      ['artifact.source.s3.uri'],
      ['artifact.source.oci.path'],
      ['artifact.source.gcs.uri'],
      ['artifact.source.azure.uri'],
      ['artifact.source.pvcClone.subPath'],
    ] as const
  ).map(([field, list]): SourceFormat => ({ field, ...(list && { list }), ...PRINTABLE })),
  ...[...URL_FIELDS, URL_PATHS].map((place): SourceFormat => ({ ...place, ...PRINTABLE })),
  {
    ...URL_PATHS,
    lacks: '(^|/)\\.{0,2}(/|$)',
    must: 'be a plain path below the mount path, without an empty part, "." or ".."',
  },
  // The bucket naming rules of Google Cloud Storage.
  {
    field: 'artifact.source.gcs.uri',
    matches: '^gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^\\x00-\\x1f\\x7f]*)?$',
    must: 'be gs://bucket/prefix/, the bucket of 3 to 222 lower-case letters, digits, "-", "_" and ".", with a letter or digit at both ends',
  },
  {
    field: 'artifact.source.gcs.uri',
    lacks: '^gs://[^/]*\\.\\.|/\\.\\.(/|$)',
    must: 'name a bucket without "..", and a prefix without ".." as a part',
  },
  {
    field: 'artifact.source.gcs.userProject',
    matches: '^[a-z0-9:.-]+$',
    must: 'be the identifier of a project, such as ml-platform-1234',
  },
  // "Naming and referencing containers, blobs, and metadata" of the Azure Storage documentation.
  {
    field: 'artifact.source.azure.account',
    matches: '^[a-z0-9]{3,24}$',
    must: 'be the name of a storage account, 3 to 24 lower-case letters and digits',
  },
  {
    field: 'artifact.source.azure.uri',
    matches: '^az://([a-z0-9][a-z0-9-]{1,61}[a-z0-9]|\\$(root|web))(/[^\\x00-\\x1f\\x7f]*)?$',
    must: 'be az://container/prefix/, the container of 3 to 63 lower-case letters, digits and "-", with a letter or digit at both ends',
  },
  {
    field: 'artifact.source.azure.uri',
    lacks: '^az://[^/]*--|/\\.\\.(/|$)',
    must: 'name a container without "--", and a prefix without ".." as a part',
  },
  {
    field: 'artifact.source.pvcClone.name',
    lacks: '^modelcache--',
    must: 'not be the claim of another ModelCache, whose pods get it by annotation modelplane.ai/caches',
  },
  {
    field: 'artifact.source.pvcClone.subPath',
    lacks: '^/|(^|/)\\.\\.(/|$)',
    must: 'be a folder within the claim, without "/" in front and without ".." as a part',
  },
  // The grammar of github.com/distribution/reference, with the registry spelled out.
  {
    field: 'artifact.source.oci.reference',
    matches: `^${HOST_PART}(\\.${HOST_PART})*(:[0-9]+)?(/${PATH_PART})+(${TAG})?(${DIGEST})?$`,
    must: 'be registry/repository:tag or registry/repository@sha256:… with a repository in lower case, such as ghcr.io/models/llama:70b',
  },
  // Without a registry, the first part counts as a path, and each client picks a registry of its own.
  {
    field: 'artifact.source.oci.reference',
    matches: '^([^/]*[.:][^/]*|localhost)/',
    must: 'start with its registry, such as docker.io/ai/llama3.2:1B: the first part needs a "." or ":", unless it is localhost',
  },
  // As GOOS and GOARCH of Go, which the image specification takes over.
  {
    field: 'artifact.source.oci.platform',
    matches: '^[a-z0-9]+/[a-z0-9]+(/[a-z0-9.]+)?$',
    must: 'be os/architecture or os/architecture/variant, such as linux/arm64',
  },
  {
    field: 'artifact.source.oci.path',
    matches: '^/',
    must: 'be absolute, such as /models',
  },
  {
    field: 'artifact.source.oci.path',
    lacks: '(^|/)\\.{1,2}(/|$)|//',
    must: 'be a plain path, without an empty part, "." or ".."',
  },
]

/** What an http source must have, as the end of a sentence that starts with the field. */
export const URL_ONCE =
  'must have either url, urls or secretRef.urlKey, the key of a Secret that holds the whole URL; set exactly one of them'

/** Members of an http source that do not go together, and what to do, as the end of a sentence. */
export const HTTP_CONFLICTS = [
  { one: 'sha256', other: 'urls', must: 'not have sha256 beside urls; set it in each item of urls' },
  { one: 'sha256', other: 'sha256sums', must: 'have either sha256 or sha256sums; remove one of them' },
  {
    one: 'archive',
    other: 'urls',
    must: 'not have archive beside urls, which are staged as they are; use url',
  },
  {
    one: 'stripComponents',
    other: 'urls',
    must: 'not have stripComponents beside urls, which are staged as they are; use url',
  },
] as const

/** Whether a value, or one item of a list, has the format. */
export function hasFormat(value: string, { matches, lacks }: SourceFormat): boolean {
  if (matches !== undefined && !compiled(matches).test(value)) return false
  return lacks === undefined || !compiled(lacks).test(value)
}

/** The table stores patterns as text, because the CRD uses them too. */
const expressions = new Map<string, RegExp>()

function compiled(pattern: string): RegExp {
  const known = expressions.get(pattern)
  if (known) return known
  const expression = new RegExp(pattern, 'u')
  expressions.set(pattern, expression)
  return expression
}
