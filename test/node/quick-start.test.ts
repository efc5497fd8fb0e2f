import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inRepository } from '../manifests/support/rendered.ts'
import { type Sources, startSources } from '../sources/beside-node.ts'
import { outputOf, runCommand } from '../testbed/command.ts'
import { kubeconfigPath, kubectl, kubectlPath, NO_NODE, nodeFolder, sandbox } from './support/cluster.ts'

const FOLDER = '/var/local/modelcache-quick-start'
const ON_THE_NODE = 'docker exec kind-control-plane '
const PORT = 7_640

/** The shell commands of docs/quick-start.md, in order. */
async function blocks(): Promise<string[]> {
  const page = await readFile(inRepository('docs/quick-start.md'), 'utf8')
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, commands = '']) => commands)
}

describe.skipIf(NO_NODE)('docs/quick-start.md', () => {
  let dir: string
  let sources: Sources

  beforeAll(async () => {
    sources = await startSources(sandbox(), { port: PORT, shards: 1, shardMiB: 4 })
    dir = await mkdtemp(join(tmpdir(), 'modelcache-quick-start-'))
    const copy = join(dir, 'examples/quick-start')
    await cp(inRepository('examples/quick-start'), copy, { recursive: true })
    // There is no internet here: the model comes from the hub of the tests, and the image is one of the node.
    for (const name of await readdir(copy)) {
      const text = await readFile(join(copy, name), 'utf8')
      const changed = text
        .replace('repo: HuggingFaceTB/SmolLM2-135M', `repo: example/model\n        endpoint: ${sources.hub}`)
        .replace('busybox:1.37', 'modelcache.test/tools:1')
        .replace(FOLDER, nodeFolder('quick-start'))
      await writeFile(join(copy, name), changed)
    }
  })
  afterAll(async () => {
    await kubectl(['delete', 'namespace', 'modelcache-quick-start', '--ignore-not-found', '--wait=false'])
    await sources?.[Symbol.asyncDispose]()
    if (dir !== undefined) await rm(dir, { recursive: true, force: true })
  })

  test('leads to a pod that lists the files of the model, and leaves nothing', async () => {
    const env = {
      ...process.env,
      KUBECONFIG: kubeconfigPath(),
      PATH: `${dirname(kubectlPath())}${delimiter}${process.env.PATH}`,
    }
    const outputs: string[] = []
    for (const block of await blocks()) {
      const commands = block.replace(ON_THE_NODE, '').replaceAll(FOLDER, nodeFolder('quick-start'))
      const result = await runCommand('bash', ['-euxc', commands], { cwd: dir, env })
      outputs.push(outputOf(result, commands))
    }
    expect(outputs).toHaveLength(4)
    const [, , files] = outputs
    // The controller names the source a moment later.
    expect(files).toMatch(/^smollm2 +(hf:\/\/example\/model@main +)?PVC /m)
    expect(files).toContain('config.json')
    expect(files).toContain('.safetensors')
    const left = await kubectl(['get', 'storageclass,persistentvolume', '-o', 'name'])
    expect(left.stdout).not.toContain('quick-start')
  })
})
