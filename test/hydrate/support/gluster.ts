import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { outputOf, runCommand } from '../../testbed/command.ts'
import { type DebianPackages, installPackages } from '../../testbed/debian-packages.ts'
import { startChild } from '../../testbed/process.ts'
import { waitUntil } from '../../testbed/wait.ts'

const PACKAGES: DebianPackages = { 'glusterfs-server': 'glusterd', 'glusterfs-client': 'glusterfs' }
// From the range that RFC 5737 keeps for examples: glusterd rejects loopback addresses.
const ADDRESS = '192.0.2.1'
const VOLUME = 'models'
const START_MS = 60_000

export interface Gluster extends AsyncDisposable {
  /** The command that mounts the volume and stays in the foreground. */
  mounting(at: string): readonly string[]
}

/**
 * A volume of GlusterFS with one brick, whose files are in `dir`. It is served in a network namespace of its
 * own. Its processes are in a PID namespace, so that none of them outlives the first.
 */
export async function serveGluster(dir: string): Promise<Gluster> {
  await installPackages(PACKAGES, line => console.error(line))
  for (const folder of ['brick', 'run', 'state']) await mkdir(join(dir, folder), { recursive: true })
  const config = join(dir, 'glusterd.vol')
  const socket = join(dir, 'run/glusterd.sock')
  await writeFile(config, configOf(dir, socket))
  const up = `ip link set lo up && ip address add ${ADDRESS}/32 dev lo && exec "$@"`
  const daemon = startChild({
    name: 'glusterd',
    command: 'unshare',
    args: [
      ...['--net', '--pid', '--fork', '--kill-child', 'sh', '-c', up, 'sh'],
      ...['glusterd', `--volfile=${config}`, '--no-daemon', '--log-file=/dev/stderr'],
      `--pid-file=${join(dir, 'glusterd.pid')}`,
    ],
    logPath: join(dir, 'glusterd.log'),
  })
  const enter = ['nsenter', `--net=/proc/${daemon.pid}/ns/net`]
  const client = ['gluster', `--glusterd-sock=${socket}`, `--log-file=${join(dir, 'gluster.log')}`]
  const gluster = async (...words: string[]) => {
    const [command = '', ...args] = [...enter, ...client, '--mode=script', 'volume', ...words]
    outputOf(await runCommand(command, args), `gluster volume ${words.join(' ')}`)
  }
  await waitUntil({
    what: 'glusterd',
    timeoutMs: START_MS,
    children: [daemon],
    probe: async () => {
      await gluster('info')
      return undefined
    },
  })
  await gluster('create', VOLUME, `${ADDRESS}:${join(dir, 'brick')}`, 'force')
  await gluster('start', VOLUME)
  return {
    mounting: at => [
      ...enter,
      ...['glusterfs', '--no-daemon', `--volfile-server=${ADDRESS}`, `--volfile-id=${VOLUME}`],
      ...[`--log-file=${join(dir, 'mount.log')}`, at],
    ],
    [Symbol.asyncDispose]: () => daemon.kill(),
  }
}

const configOf = (dir: string, socket: string) => `volume management
    type mgmt/glusterd
    option working-directory ${join(dir, 'state')}
    option run-directory ${join(dir, 'run')}
    option glusterd-sockfile ${socket}
    option transport-type socket
    option transport.socket.listen-port 24007
end-volume
`
