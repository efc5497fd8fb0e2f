import { ensureBinaries, ensureGitops, ensureHelm, ensureKueue, ensureNodeBinaries } from './binaries.ts'
import { down } from './down.ts'
import { printEnv } from './env.ts'
import { nodeObstacle } from './node/packages.ts'
import { type BedOptions, serve } from './serve.ts'
import { up } from './up.ts'

const USAGE = `A real Kubernetes control plane with LeaderWorkerSet and ModelCache, on this machine, without root; or, as root on
Linux, a whole cluster of one node, with ModelCache installed in it from its image and manifests.

usage: npm run testbed -- COMMAND [--node | --fleet]

  up      start it in the background and wait until it is ready
  down    stop it
  env     print shell lines that set KUBECONFIG and PATH: eval "$(npm run --silent testbed -- env)"
  serve   run it in the foreground until SIGINT or SIGTERM
  build   only build the binaries (once; needs Go) and print their folder

  --node   for up and serve: with scheduler, kubelet, kube-proxy and containerd, in namespaces of their own
  --fleet  for up and serve: three control planes, a hub and the clusters east and west

exit codes: 0 done, 1 failed, 2 wrong usage
`

type Command = (options: BedOptions) => number | Promise<number>

const COMMANDS: Readonly<Record<string, Command>> = {
  up,
  down,
  env: printEnv,
  serve,
  build: async () => {
    const report = (line: string) => console.error(line)
    const { dir } = await ensureBinaries(report)
    await ensureHelm(report)
    await ensureKueue(report)
    await ensureGitops(report)
    if ((await nodeObstacle()) === undefined) await ensureNodeBinaries(report)
    console.log(dir)
    return 0
  },
}

/** The command in the arguments. */
function commandFor(args: readonly string[]): Command {
  const [name = '', ...rest] = args.filter(arg => arg !== '--node' && arg !== '--fleet')
  if (['--help', '-h', 'help'].includes(name) || rest.includes('--help') || rest.includes('-h')) {
    return printUsage
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command !== undefined && rest.length === 0) return command
  return () => {
    console.error(name === '' ? USAGE : `testbed: cannot understand '${args.join(' ')}'; try --help`)
    return 2
  }
}

function printUsage(): number {
  console.log(USAGE)
  return 0
}

try {
  const args = process.argv.slice(2)
  process.exitCode = await commandFor(args)({
    node: args.includes('--node'),
    fleet: args.includes('--fleet'),
  })
} catch (error) {
  console.error(`testbed: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
