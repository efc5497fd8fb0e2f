import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeBinaries } from '../binaries.ts'
import { outputOf, runCommand } from '../command.ts'
import { type Daemon, prepareDaemon } from '../daemon.ts'
import { PAUSE_IMAGE } from './images.ts'
import type { Sandbox } from './sandbox.ts'

/** The container runtime of a node. */
export interface Containerd {
  /** Path of its socket, for kubelet. */
  readonly socket: string
  /** The words of its own command line client, for looking into what runs. */
  readonly ctr: readonly string[]
  readonly daemon: Daemon
}

const READY_MS = 30_000
const IMPORT_MS = 120_000

/** Starts containerd in the sandbox with the images. Nothing is ever pulled. */
export async function startContainerd(options: {
  sandbox: Sandbox
  binaries: NodeBinaries
  /** Archives. */
  images: readonly string[]
}): Promise<Containerd> {
  const { sandbox, binaries, images } = options
  const { dir, data, enter } = sandbox
  const cni = join(data, 'cni')
  const socket = join(data, 'containerd.sock')
  const config = join(data, 'containerd.toml')
  await mkdir(cni, { recursive: true })
  await Promise.all([
    writeFile(join(cni, '10-bridge.conflist'), JSON.stringify(network(data))),
    writeFile(config, configuration({ data, socket, cni })),
  ])
  const [command = '', ...args] = [...enter, binaries.containerd, '--config', config]
  const ctr = [...enter, binaries.ctr, '--address', socket, '--namespace', 'k8s.io']
  const runCtr = (words: readonly string[], timeoutMs: number) => {
    const [first = '', ...rest] = [...ctr, ...words]
    return runCommand(first, rest, { timeoutMs })
  }
  const daemon = prepareDaemon({
    name: 'containerd',
    command,
    args,
    // Its shim is beside it.
    env: { ...process.env, PATH: `${binaries.dir}:${process.env.PATH}` },
    logPath: join(dir, 'log', 'containerd.log'),
    readyMs: READY_MS,
    ready: async () => {
      const { code, stderr } = await runCtr(['version'], READY_MS)
      return code === 0 ? undefined : stderr.trim()
    },
  })
  await daemon.start()
  for (const image of images) {
    const imported = await runCtr(['images', 'import', '--local', image], IMPORT_MS)
    outputOf(imported, `importing ${image}`)
  }
  return { socket, ctr, daemon }
}

function configuration({ data, socket, cni }: { data: string; socket: string; cni: string }): string {
  const runtime = "plugins.'io.containerd.cri.v1.runtime'"
  return `version = 3
root = "${join(data, 'containerd')}"
state = "/run/containerd"
[grpc]
  address = "${socket}"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${PAUSE_IMAGE}"
[${runtime}]
  # Without CAP_SYS_RESOURCE nobody may lower the score that the kernel's out-of-memory killer goes by.
  restrict_oom_score_adj = true
[${runtime}.cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "${cni}"
[${runtime}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`
}

/** A bridge for the pods of the one node. Nothing leads out of it. */
function network(data: string): object {
  const ipam = {
    type: 'host-local',
    dataDir: join(data, 'cni-addresses'),
    ranges: [[{ subnet: '10.244.0.0/24' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  }
  return {
    cniVersion: '1.0.0',
    name: 'modelcache-testbed',
    plugins: [
      { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: false, hairpinMode: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  }
}
