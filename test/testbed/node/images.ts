import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Report } from '../build.ts'
import { cacheRoot } from '../cache.ts'
import { outputOf, runCommand } from '../command.ts'
import { ensureStandIns } from './base-images.ts'
import { archiveImage, buildah, fingerprint } from './buildah.ts'

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))
/** The input of the build, which decides the image. .dockerignore says the same. */
const CONTEXT = [
  'Dockerfile',
  '.dockerignore',
  '.npmrc',
  'package.json',
  'package-lock.json',
  'LICENSE',
  'src',
  'tools/build.ts',
]
/** Older ones are removed, because each has some 200 MB. */
const KEPT = 3

/** The image name that manifests/ use for the product. */
export const PRODUCT_IMAGE = 'docker.io/library/modelcache:0.1.0'
/** The image that keeps the namespaces of a pod open. */
export const PAUSE_IMAGE = 'modelcache.test/pause:1'
/** A shell and the usual tools, for pods of tests. */
export const TOOLS_IMAGE = 'modelcache.test/tools:1'

/** Archives of all images of a node, created the first time, and later from the cache. */
export async function ensureImages(report: Report): Promise<string[]> {
  const bases = await baseImages()
  const standIns = await ensureStandIns(bases, report)
  const [shell = ''] = bases
  return [
    await ensureArchive('pause', [PAUSE_SOURCE], buildPause),
    await ensureArchive('tools', [standIns], path => copyImage(shell, TOOLS_IMAGE, path)),
    await ensureArchive('modelcache', [standIns, await contextText()], async path => {
      report('building the image of ModelCache from its Dockerfile')
      await buildProduct(path)
    }),
  ]
}

/**
 * Builds the product's image from its Dockerfile, unchanged, into an archive. `epoch` is its
 * SOURCE_DATE_EPOCH, in seconds.
 */
export async function buildProduct(path: string, epoch = 0): Promise<void> {
  const flags = ['--pull-never', '--timestamp', `${epoch}`, '--build-arg', `SOURCE_DATE_EPOCH=${epoch}`]
  await buildah(['bud', '--quiet', ...flags, '--tag', PRODUCT_IMAGE, PROJECT], 'building the Dockerfile')
  await archiveImage(PRODUCT_IMAGE, path)
  await buildah(['rmi', PRODUCT_IMAGE], 'removing the image from the storage')
}

/** The base images of the Dockerfile, the build stage first. */
export async function baseImages(): Promise<string[]> {
  const text = await readFile(join(PROJECT, 'Dockerfile'), 'utf8')
  return [...text.matchAll(/^ARG \w+=(\S+[:@]\S+)$/gm)].map(([, base = '']) => base)
}

async function contextText(): Promise<string> {
  const files = await Promise.all(CONTEXT.map(name => filesUnder(join(PROJECT, name))))
  return (
    await Promise.all(
      files.flat().map(async path => `${path.slice(PROJECT.length)}\0${await readFile(path, 'utf8')}`),
    )
  ).join('\0')
}

async function filesUnder(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path]
  const names = (await readdir(path)).toSorted()
  return (await Promise.all(names.map(name => filesUnder(join(path, name))))).flat()
}

async function ensureArchive(
  name: string,
  inputs: readonly string[],
  make: (path: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheRoot(), 'images')
  const path = join(folder, `${name}-${fingerprint(inputs)}.tar`)
  if (existsSync(path)) return path
  await mkdir(folder, { recursive: true })
  const draft = `${path}.${process.pid}`
  try {
    await make(draft)
    await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
  await removeOld(folder, name)
  return path
}

async function removeOld(folder: string, name: string): Promise<void> {
  const own = (await readdir(folder))
    .filter(file => file.startsWith(`${name}-`))
    .map(file => join(folder, file))
  const dated = await Promise.all(own.map(async path => ({ path, at: (await stat(path)).mtimeMs })))
  const old = dated.toSorted((a, b) => b.at - a.at).slice(KEPT)
  await Promise.all(old.map(({ path }) => rm(path, { force: true })))
}

async function copyImage(from: string, to: string, path: string): Promise<void> {
  await buildah(['tag', from, to], `naming ${to}`)
  await archiveImage(to, path)
  await buildah(['rmi', to], `taking the name ${to} off`)
}

const PAUSE_SOURCE = `#include <signal.h>
#include <unistd.h>
static void leave(int signal) { _exit(0); }
int main(void) {
  signal(SIGTERM, leave);
  signal(SIGINT, leave);
  for (;;) pause();
}
`

async function buildPause(path: string): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'modelcache-pause-'))
  try {
    await writeFile(join(context, 'pause.c'), PAUSE_SOURCE)
    const compiled = await runCommand('cc', [
      '-static',
      '-Os',
      '-s',
      '-o',
      join(context, 'pause'),
      join(context, 'pause.c'),
    ])
    outputOf(compiled, 'compiling the pause image')
    await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n')
    await buildah(['bud', '--quiet', '--tag', PAUSE_IMAGE, context], 'building the pause image')
    await archiveImage(PAUSE_IMAGE, path)
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}
