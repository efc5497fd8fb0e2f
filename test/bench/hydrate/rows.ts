import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const MIB = 2 ** 20

/** What a connection to the server has. */
export interface Limits {
  mibPerSecond: number
  requestMs: number
}

/** What a tool is given, and where its files must go. */
export interface Place {
  /** The server. */
  url: string
  /** The names of all files there. */
  names: readonly string[]
  into: string
  /** A file that names all of them, as aria2c reads it. */
  list: string
}

/** The server takes any keys, but some tools do not start without keys. */
const S3_KEYS = 'AWS_ACCESS_KEY_ID=bench AWS_SECRET_ACCESS_KEY=bench AWS_REGION=us-east-1'

/** One line of the table. */
export interface Row {
  name: string
  work: string
  limits?: Limits
  /** Makes what the server has. Returns the names of the files. */
  make(folder: string, scale: number): Promise<string[]>
  /** The source of the ModelCache. */
  source(place: Place): object
  /** What others do for the same work, as a command of a shell. */
  peers: Readonly<Record<string, (place: Place) => string>>
}

const fromHub = ({ url }: Place) => ({ huggingFace: { repo: 'bench/model', endpoint: url } })
const fromUrl = ({ url, names }: Place) => ({ http: { url: `${url}/${names[0]}` } })

const hf = ({ url, into }: Place) =>
  `HF_ENDPOINT=${url} HF_HOME=${into}/.hf HF_HUB_DISABLE_XET=1 HF_HUB_DISABLE_TELEMETRY=1 hf download bench/model --local-dir ${into} --max-workers 16 >/dev/null 2>&1`
/** As many connections as ours: those of one file, or of several small ones. */
const aria2c =
  ({ perFile }: { perFile: number }) =>
  ({ into, list }: Place) =>
    `aria2c -q -i ${list} -d ${into} -x${perFile} -s${perFile} -j${16 / perFile} -k1M --file-allocation=none`
const orasPull = ({ url, into }: Place) =>
  `oras pull --plain-http --no-tty --concurrency 16 -o ${into} ${new URL(url).host}/bench/model:v1 >/dev/null`
const HUB_TOOLS = { 'hf download': hf, 'aria2c -x16': aria2c({ perFile: 16 }) }
/** As many CDNs give. */
const SLOW_CONNECTIONS: Limits = { mibPerSecond: 20, requestMs: 40 }
const SYNC = (into: string) => `find ${into} -type f -exec sync {} +`
const HASH = (into: string) => `find ${into} -type f -exec sha256sum {} + >/dev/null`

export const ROWS: readonly Row[] = [
  {
    name: 'link-limited',
    work: '8 files of 512 MiB from a hub',
    limits: SLOW_CONNECTIONS,
    make: (folder, scale) => filesOf(folder, 8, 512 * scale, 'model', 'safetensors'),
    source: fromHub,
    peers: HUB_TOOLS,
  },
  {
    name: 'link-limited-one',
    work: 'one file of 2 GiB from a hub',
    limits: SLOW_CONNECTIONS,
    make: (folder, scale) => filesOf(folder, 1, 2048 * scale, 'model', 'safetensors'),
    source: fromHub,
    peers: HUB_TOOLS,
  },
  {
    name: 'one-file',
    work: 'one file of 8 GiB behind a URL, hashed and synced',
    make: (folder, scale) => filesOf(folder, 1, 8192 * scale, 'model', 'gguf'),
    source: fromUrl,
    peers: {
      'curl, sync, sha256sum': ({ url, names, into }) =>
        `curl -s ${url}/${names[0]} -o ${into}/file && ${SYNC(into)} && ${HASH(into)}`,
      'curl, sha256sum': ({ url, names, into }) =>
        `curl -s ${url}/${names[0]} -o ${into}/file && ${HASH(into)}`,
    },
  },
  {
    name: 'shards',
    work: '16 files of 512 MiB from a hub',
    make: (folder, scale) => filesOf(folder, 16, 512 * scale, 'model', 'safetensors'),
    source: fromHub,
    peers: HUB_TOOLS,
  },
  {
    name: 'registry',
    work: 'an artifact of 16 layers of 512 MiB in a registry',
    make: (folder, scale) => filesOf(folder, 16, 512 * scale, 'model', 'safetensors'),
    source: ({ url }) => ({ oci: { reference: `${new URL(url).host}/bench/model:v1` } }),
    peers: {
      'oras pull': orasPull,
      'oras pull, sync': place => `${orasPull(place)} && ${SYNC(place.into)}`,
    },
  },
  {
    name: 'small',
    work: '20,000 files of 50 KiB from a hub',
    make: (folder, scale) => filesOf(folder, Math.round(20_000 * scale), 50 / 1024, 'part', 'json'),
    source: fromHub,
    peers: { 'aria2c -j16': aria2c({ perFile: 1 }) },
  },
  {
    name: 'small-s3',
    work: '20,000 objects of 1 KiB from a bucket of S3',
    make: (folder, scale) => filesOf(folder, Math.round(20_000 * scale), 1 / 1024, 'part', 'json'),
    source: ({ url }) => ({ s3: { uri: 's3://bench', endpoint: url, region: 'us-east-1' } }),
    peers: {
      'aws s3 cp': ({ url, into }) =>
        `${S3_KEYS} aws s3 cp --recursive --only-show-errors --endpoint-url ${url} s3://bench ${into}`,
    },
  },
  {
    name: 'tar',
    work: 'a tar of 8 files of 1 GiB behind a URL, hashed and synced',
    async make(folder, scale) {
      const names = await filesOf(folder, 8, 1024 * scale, 'model', 'safetensors')
      execFileSync('tar', ['--remove-files', '-cf', 'model.tar', ...names], { cwd: folder })
      return ['model.tar']
    },
    source: fromUrl,
    peers: {
      'curl | tar, sync, sha256sum': ({ url, names, into }) =>
        `curl -s ${url}/${names[0]} | tar -x -C ${into} && ${SYNC(into)} && ${HASH(into)}`,
      'curl | tar, sha256sum': ({ url, names, into }) =>
        `curl -s ${url}/${names[0]} | tar -x -C ${into} && ${HASH(into)}`,
    },
  },
]

/** Files of so many MiB. Each begins in another way, so that none is the same as another one. */
async function filesOf(
  folder: string,
  count: number,
  mib: number,
  name: string,
  suffix: string,
): Promise<string[]> {
  const block = randomBytes(Math.min(64, Math.ceil(mib)) * MIB)
  const names = Array.from({ length: count }, (_, index) => {
    const number = String(index + 1).padStart(5, '0')
    return `${count > 100 ? `${number.slice(0, 3)}/` : ''}${name}-${number}.${suffix}`
  })
  for (const [index, path] of names.entries()) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    const file = await open(join(folder, path), 'w')
    block.writeUInt32LE(index)
    for (let left = Math.round(mib * MIB); left > 0; left -= block.length)
      await file.write(block, 0, Math.min(left, block.length))
    await file.close()
  }
  return names
}
