import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { outputOf, runCommand } from '../../testbed/command.ts'
import { archiveImage, buildah } from '../../testbed/node/buildah.ts'
import { baseImages, TOOLS_IMAGE } from '../../testbed/node/images.ts'
import { startChild } from '../../testbed/process.ts'
import { runtimeCommand, sandbox } from './cluster.ts'

const ENGINES = fileURLToPath(new URL('../engines', import.meta.url))

/** Puts an image of the stand-in for engines onto the node, under a name that shows what it stands for. */
export async function addEngineImage(name: string, entrypoint: readonly string[]): Promise<void> {
  const [base = TOOLS_IMAGE] = await baseImages()
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-engine-'))
  try {
    await cp(join(ENGINES, 'engine.mts'), join(dir, 'engine.mts'))
    for (const program of ['vllm', 'ray', 'python3'])
      await writeFile(join(dir, program), `#!/bin/sh\nexec node /engine.mts ${program} "$@"\n`, {
        mode: 0o755,
      })
    await writeFile(
      join(dir, 'Dockerfile'),
      `FROM ${base}\nCOPY engine.mts /\nCOPY vllm ray python3 /usr/local/bin/\nENTRYPOINT ${JSON.stringify(entrypoint)}\n`,
    )
    const archive = join(dir, 'image.tar')
    await buildah(['bud', '--quiet', '--pull-never', '--tag', name, dir], `building ${name}`)
    await archiveImage(name, archive)
    await buildah(['rmi', name], `removing ${name} from the storage`)
    const [command = '', ...args] = [...runtimeCommand(), 'images', 'import', '--local', archive]
    outputOf(await runCommand(command, args, { timeoutMs: 120_000 }), `importing ${name}`)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** A name server for pods. */
export interface NameServer extends AsyncDisposable {
  address: string
  /** Lets it know a name. */
  add(name: string, address: string): Promise<void>
}

export async function serveNames(): Promise<NameServer> {
  const { enter, address } = sandbox()
  const dir = await mkdtemp(join(tmpdir(), 'modelcache-names-'))
  const file = join(dir, 'names')
  const names = new Map<string, string>()
  const write = () => writeFile(file, [...names].map(entry => entry.join(' ')).join('\n'))
  await write()
  const [command = '', ...args] = [
    ...enter,
    process.execPath,
    join(ENGINES, 'name-server.mts'),
    address,
    file,
  ]
  const child = startChild({ name: 'name-server', command, args, logPath: join(dir, 'log') })
  return {
    address,
    async add(name, of) {
      names.set(name, of)
      await write()
    },
    async [Symbol.asyncDispose]() {
      await child.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
