import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

// Bundles the program and its libraries into dist/, or into another folder: tools/build.ts [FOLDER].

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** The thread that hashes needs its own file. */
const INPUT = { main: 'src/main.ts', 'hash-worker': 'src/hydrate/volume/hash-worker.js' }
/**
 * Its package.json does not say that loading its modules has no side effects. We use only its kubeconfig, and
 * none of its many models.
 */
const WITHOUT_SIDE_EFFECTS = '/node_modules/@kubernetes/client-node/'

/** kubectl finds a plugin, and what completes it, by these names on the PATH. */
const PLUGIN = {
  'kubectl-modelcache.js': '',
  'kubectl_complete-modelcache.js': "process.argv.splice(2, 0, '__complete')\n",
}
/** The commands of the package. */
const BIN = {
  modelcache: 'main.js',
  ...Object.fromEntries(Object.keys(PLUGIN).map(file => [file.replace(/\.js$/, ''), file])),
}

const folder = resolve(process.argv[2] ?? join(ROOT, 'dist'))
await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
const bundle = await rolldown({
  input: INPUT,
  cwd: ROOT,
  platform: 'node',
  treeshake: { moduleSideEffects: id => !id.includes(WITHOUT_SIDE_EFFECTS) },
})
await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].js', comments: false })
await bundle.close()
for (const [file, first] of Object.entries(PLUGIN))
  await writeFile(join(folder, file), `#!/usr/bin/env node\n${first}await import('./main.js')\n`, {
    mode: 0o755,
  })
const { name, version, description, license, engines } = JSON.parse(
  await readFile(join(ROOT, 'package.json'), 'utf8'),
)
const own = { name, version, description, license, private: true, type: 'module', engines, bin: BIN }
await writeFile(join(folder, 'package.json'), `${JSON.stringify(own, undefined, 2)}\n`)
await writeFile(join(folder, 'THIRD-PARTY-LICENSES.txt'), await licenses())

/** The licenses of all libraries. They require that copies of the code include them. */
async function licenses(): Promise<string> {
  const lock: { packages: Record<string, { version?: string; license?: string; dev?: boolean }> } =
    JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'))
  const parts: string[] = []
  for (const [path, { version = '', license = 'unknown', dev }] of Object.entries(lock.packages)) {
    if (path === '' || dev || !existsSync(join(ROOT, path))) continue
    const files = (await readdir(join(ROOT, path))).filter(file => /^(licen[cs]e|notice|copying)/i.test(file))
    const texts = await Promise.all(files.toSorted().map(file => readFile(join(ROOT, path, file), 'utf8')))
    const title = `${path.replace(/^.*node_modules\//, '')} ${version} (${license})`
    parts.push([title, '='.repeat(title.length), ...texts.map(text => text.trim())].join('\n\n'))
  }
  return `${parts.join('\n\n\n')}\n`
}
