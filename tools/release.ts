import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'

const HELP = `Usage: make release [INTO=DIR] [IMAGE=REPOSITORY] [BUILDER=docker|buildah|none]

Makes everything that a release consists of, in DIR (release):

  modelcache-VERSION.tgz             the npm package, which has no dependencies
  modelcache-chart-VERSION.tgz       the Helm chart
  crds.yaml, install.yaml            the CRDs, and the whole installation with the image REPOSITORY:VERSION
  modelcache-VERSION.spdx.json       the libraries that are in it (SBOM)
  modelcache-image-VERSION-ARCH.tar  the image, as an OCI archive, for amd64 and arm64
  SHA256SUMS                         of all these files

kubectl and helm must be on the PATH. BUILDER is the first of docker and buildah that there is. An architecture that the
builder cannot build is left out, and named.
`

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ARCHITECTURES = ['amd64', 'arm64']
const MAX_OUTPUT = 64 * 2 ** 20
const run = promisify(execFile)

const { values } = parseArgs({
  options: {
    into: { type: 'string', default: 'release' },
    image: { type: 'string', default: 'modelcache' },
    builder: { type: 'string' },
    'build-arg': { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else await release(resolve(ROOT, values.into), values.image)

async function release(into: string, image: string): Promise<void> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  await rm(into, { recursive: true, force: true })
  await mkdir(into, { recursive: true })
  await npmPackage(into)
  await chart(into, version)
  await manifests(into, `${image}:${version}`)
  await sbom(into, version)
  await images(into, version, await builderOf(values.builder))
  await checksums(into)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** The output of a command that must succeed. */
async function need(command: string, args: readonly string[], cwd = ROOT): Promise<string> {
  try {
    const { stdout } = await run(command, [...args], { cwd, maxBuffer: MAX_OUTPUT })
    return stdout
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    throw new Error(`${command} ${args.slice(0, 2).join(' ')}: ${stderr.trim() || message}`)
  }
}

async function npmPackage(into: string): Promise<void> {
  say('npm package')
  const dist = await mkdtemp(join(tmpdir(), 'modelcache-dist-'))
  try {
    await need(process.execPath, ['tools/build.ts', dist])
    for (const file of ['LICENSE', 'README.md']) await cp(join(ROOT, file), join(dist, file))
    await need('npm', ['pack', dist, '--pack-destination', into, '--loglevel=error'])
  } finally {
    await rm(dist, { recursive: true, force: true })
  }
}

async function chart(into: string, version: string): Promise<void> {
  say('chart')
  const folder = await mkdtemp(join(tmpdir(), 'modelcache-chart-'))
  try {
    await need('helm', ['package', 'chart', '--destination', folder])
    await cp(join(folder, `modelcache-${version}.tgz`), join(into, `modelcache-chart-${version}.tgz`))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `install.yaml` is what `kubectl apply -k manifests/` applies, with the name of the released image. */
async function manifests(into: string, image: string): Promise<void> {
  say('crds.yaml and install.yaml')
  const crds = await readdir(join(ROOT, 'manifests/crds'))
  const texts = await Promise.all(
    crds.toSorted().map(file => readFile(join(ROOT, 'manifests/crds', file), 'utf8')),
  )
  await writeFile(join(into, 'crds.yaml'), texts.join('---\n'))
  const folder = await mkdtemp(join(tmpdir(), 'modelcache-manifests-'))
  try {
    await cp(join(ROOT, 'manifests'), folder, { recursive: true })
    const [, name = '', tag = ''] = /^(.+):([^:/]+)$/.exec(image) ?? []
    const file = join(folder, 'kustomization.yaml')
    const text = await readFile(file, 'utf8')
    const named = text.replace(/newName: .*/, `newName: ${name}`).replace(/newTag: .*/, `newTag: ${tag}`)
    await writeFile(file, named)
    await writeFile(join(into, 'install.yaml'), await need('kubectl', ['kustomize', folder]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * The libraries that a user gets. npm's own --omit=dev also leaves out a library that is a peer of a tool, so
 * the lockfile decides.
 */
async function sbom(into: string, version: string): Promise<void> {
  say('SBOM')
  const spdx: Spdx = JSON.parse(await need('npm', ['sbom', '--sbom-format=spdx', '--package-lock-only']))
  const lock: Lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'))
  const tools = new Set(
    Object.entries(lock.packages)
      .filter(([, { dev }]) => dev)
      .map(([path, entry]) => `${path.replace(/^.*node_modules\//, '')}@${entry.version}`),
  )
  const packages = spdx.packages.filter(({ name, versionInfo }) => !tools.has(`${name}@${versionInfo}`))
  const kept = new Set(['SPDXRef-DOCUMENT', ...packages.map(({ SPDXID }) => SPDXID)])
  const relationships = spdx.relationships.filter(
    ({ spdxElementId, relatedSpdxElement }) => kept.has(spdxElementId) && kept.has(relatedSpdxElement),
  )
  const text = JSON.stringify({ ...spdx, packages, relationships }, undefined, 2)
  await writeFile(join(into, `modelcache-${version}.spdx.json`), `${text}\n`)
}

interface Spdx {
  packages: { SPDXID: string; name: string; versionInfo: string }[]
  relationships: { spdxElementId: string; relatedSpdxElement: string }[]
}

interface Lock {
  packages: Record<string, { version?: string; dev?: boolean }>
}

/** The builder that was asked for, or the first that there is. */
async function builderOf(asked: string | undefined): Promise<string> {
  if (asked !== undefined) return asked
  for (const builder of ['docker', 'buildah'])
    if (
      await run(builder, ['info']).then(
        () => true,
        () => false,
      )
    )
      return builder
  return 'none'
}

async function images(into: string, version: string, builder: string): Promise<void> {
  if (builder === 'none') {
    say('no image: none was asked for, or there is neither docker nor buildah here')
    return
  }
  const built: string[] = []
  for (const architecture of ARCHITECTURES) {
    say(`image for ${architecture}, by ${builder}`)
    const file = join(into, `modelcache-image-${version}-${architecture}.tar`)
    try {
      await buildImage(builder, architecture, `modelcache:${version}`, file)
      built.push(architecture)
    } catch (error) {
      await rm(file, { force: true })
      say(`no image for ${architecture}: ${error instanceof Error ? error.message : error}`)
    }
  }
  if (built.length === 0) throw new Error(`${builder} has built no image`)
}

async function buildImage(builder: string, architecture: string, name: string, file: string): Promise<void> {
  const args = values['build-arg'].flatMap(each => ['--build-arg', each])
  const platform = `--platform=linux/${architecture}`
  if (builder === 'docker') {
    await need('docker', ['buildx', 'build', platform, ...args, `--output=type=oci,dest=${file}`, '.'])
    return
  }
  await need('buildah', ['build', platform, ...args, '--tag', name, '.'])
  await need('buildah', ['push', name, `oci-archive:${file}:${name}`])
}

async function checksums(into: string): Promise<void> {
  const files = (await readdir(into)).toSorted()
  const lines: string[] = []
  for (const file of files) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(join(into, file)), hash)
    lines.push(`${hash.digest('hex')}  ${file}\n`)
  }
  await writeFile(join(into, 'SHA256SUMS'), lines.join(''))
  for (const file of [...files, 'SHA256SUMS']) say(`  ${join(into, file)}`)
}
