import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Report } from '../build.ts'
import { outputOf, runCommand } from '../command.ts'
import { buildah, fingerprint, hasImage } from './buildah.ts'

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))
const NODE_PACKAGE = join(PROJECT, 'node_modules', 'node')
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt'
const DEBIAN_MS = 10 * 60_000

/**
 * Replacements for public base images, which no registry gives us here: the same distribution, made from
 * packages.
 */
interface StandIn {
  /** The Debian packages in it, in the words of mmdebstrap. */
  debian: readonly string[]
  /** Adds what does not come from Debian. */
  fill: (root: string) => Promise<void>
}

const STAND_INS: Readonly<Record<string, StandIn>> = {
  'docker.io/library/node': {
    debian: ['--variant=essential', '--include=libstdc++6,ca-certificates'],
    fill: async root => {
      await cp(join(NODE_PACKAGE, 'bin', 'node'), join(root, 'usr/local/bin/node'))
      await addNpm(root)
      await addCertificates(root)
    },
  },
  'gcr.io/distroless/cc-debian12': {
    debian: ['--variant=extract', '--include=libc6,libgcc-s1,libstdc++6,tzdata,base-files'],
    fill: async root => {
      await addCertificates(root)
      await writeFile(
        join(root, 'etc/passwd'),
        'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
      )
      await writeFile(join(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n')
    },
  },
}

/**
 * Creates the base images of the Dockerfile under their public names, the first time. The storage keeps them.
 * Returns something that changes when any of them does.
 */
export async function ensureStandIns(bases: readonly string[], report: Report): Promise<string> {
  const version = await readFile(join(NODE_PACKAGE, 'package.json'), 'utf8')
  const recipe = await readFile(fileURLToPath(import.meta.url), 'utf8')
  const made = fingerprint([version, recipe, ...bases])
  for (const base of bases) {
    if (await hasImage(`${base.replace(/:[^:]*$/, '')}:${made}`)) continue
    report(`making base image ${base}, once; about half a minute`)
    await makeStandIn(base, made)
  }
  return made
}

async function makeStandIn(base: string, made: string): Promise<void> {
  const name = base.replace(/:[^:]*$/, '')
  const standIn = STAND_INS[name]
  if (standIn === undefined)
    throw new Error(`the Dockerfile is built from ${base}, which nothing replaces here`)
  const context = await mkdtemp(join(tmpdir(), 'modelcache-standin-'))
  try {
    const root = join(context, 'root')
    await mkdir(root)
    const tar = join(context, 'debian.tar')
    const bootstrap = await runCommand('mmdebstrap', ['--quiet', ...standIn.debian, 'bookworm', tar], {
      timeoutMs: DEBIAN_MS,
    })
    outputOf(bootstrap, `making base image ${base}`)
    for (const folder of ['usr/local/bin', 'usr/local/etc', 'etc/ssl/certs', 'home/nonroot']) {
      await mkdir(join(root, folder), { recursive: true })
    }
    await standIn.fill(root)
    await writeFile(
      join(context, 'Dockerfile'),
      'FROM scratch\nADD debian.tar /\nCOPY root /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n',
    )
    const tags = ['--tag', base, '--tag', `${name}:${made}`]
    await buildah(['bud', '--quiet', ...tags, context], `making base image ${base}`)
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

/** This machine's npm, which trusts the same certificate authorities as this machine. */
async function addNpm(root: string): Promise<void> {
  const folder = outputOf(await runCommand('npm', ['root', '--global']), 'finding npm').trim()
  const own = join(root, 'usr/local/lib/node_modules/npm')
  await cp(join(folder, 'npm'), own, { recursive: true })
  await writeFile(
    join(root, 'usr/local/bin/npm'),
    '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n',
    { mode: 0o755 },
  )
  await writeFile(join(root, 'usr/local/etc/npmrc'), `cafile=${CA_BUNDLE}\n`)
}

async function addCertificates(root: string): Promise<void> {
  const bundle = join(root, CA_BUNDLE)
  await mkdir(dirname(bundle), { recursive: true })
  await cp(CA_BUNDLE, bundle, { dereference: true })
}
