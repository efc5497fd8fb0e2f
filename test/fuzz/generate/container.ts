import type { Mount } from '../oracle/mounts.ts'
import { snapshotOf } from '../oracle/mounts.ts'
import type { Random } from './random.ts'
import type { GeneratedVolume } from './volumes.ts'
import { CONTAINER_PATHS, DIGESTS } from './words.ts'

const IMAGES = [
  'vllm/vllm-openai:v0.11.0',
  'registry:5000/lmsysorg/sglang',
  'nginx',
  'registry:5000/x@sha256:00',
  '',
]
const COMMANDS = [
  undefined,
  null,
  ['vllm', 'serve', '/mnt/model'],
  ['sh', '-c', 'python3 -m sglang.launch_server --model-path /mnt/model'],
  ['llama-server', '-m', '/mnt/model'],
  ['sleep', '1'],
  ['serve', '--weights=/mnt/model/model.gguf'],
  ['proxy', '--upstream', 'tritonserver:8000', '--log=/var/log/llama-server'],
  [],
]
const RESOURCES = [
  { limits: { 'nvidia.com/gpu': '8' } },
  { requests: { 'google.com/tpu': 4 } },
  { limits: { 'nvidia.com/gpu': '0' } },
  { limits: { 'nvidia.com/gpu': 0 } },
  { limits: { 'nvidia.com/gpu': '0k' } },
  { limits: { 'nvidia.com/gpu': '0e3' } },
  { limits: { 'nvidia.com/gpu': '0x' } },
  { limits: { cpu: '1', memory: '1Gi' } },
  { limits: { 'kubernetes.io/batch-cpu': '1', 'x.kubernetes.io/y': '1' } },
  { claims: [{ name: 'gpu' }] },
  { limits: { 'smarter-devices/fuse': '1' } },
  { requests: { 'vpc.amazonaws.com/pod-eni': '1' } },
  { claims: [], limits: null, requests: null },
  null,
]

/** A container that may ask for an accelerator, run an engine, and have mounts of its own. */
export function generateContainer(
  name: string,
  volumes: readonly GeneratedVolume[],
  mounts: readonly Mount[],
  random: Random,
): unknown {
  return {
    name: random.chance(0.97) ? name : random.pick(['c0', 'hydrate']),
    restartPolicy: random.perhaps(0.2, () => random.pick([null, 'Always', 'Always', 'Never'])),
    image: random.perhaps(0.9, () => random.pick(IMAGES)),
    command: random.pick(COMMANDS),
    args: random.perhaps(0.1, () => ['--flag']),
    env: random.perhaps(0.3, () => random.pick([null, [variable(mounts, random), variable(mounts, random)]])),
    resources: random.perhaps(0.4, () => random.pick(RESOURCES)),
    volumeMounts: random.chance(0.05)
      ? null
      : random.perhaps(0.6, () =>
          [1, 2].slice(random.below(3)).map(() => volumeMount(volumes, mounts, random)),
        ),
    volumeDevices: random.perhaps(0.04, () => [{ name: 'raw', devicePath: random.pick(CONTAINER_PATHS) }]),
  }
}

/** A variable that a pending mount needs, or one that conflicts with it. */
function variable(mounts: readonly Mount[], random: Random): unknown {
  const variables = mounts.flatMap(mount => mount.variable ?? [])
  if (variables.length === 0 || random.chance(0.5)) return { name: 'HOME', value: '/root' }
  const { name, fieldPath } = random.pick(variables)
  const fieldRef = { apiVersion: random.perhaps(0.5, () => 'v1'), fieldPath }
  return random.chance(0.7)
    ? { name, valueFrom: { fieldRef } }
    : random.pick([
        { name, value: 'x' },
        { name, valueFrom: null },
        { name, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name, valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ])
}

function volumeMount(volumes: readonly GeneratedVolume[], mounts: readonly Mount[], random: Random): unknown {
  const readOnly = random.perhaps(0.9, () => random.pick([true, true, true, false, null]))
  const mount = mounts.length > 0 && random.chance(0.5) ? random.pick(mounts) : undefined
  const own = volumes.find(
    ({ persistentVolumeClaim }) => mount && persistentVolumeClaim?.claimName === mount.claim,
  )
  // Written by hand, exactly as injection would write it.
  if (mount && own) {
    const { path, subPath, variable: from } = mount
    return { name: own.name, mountPath: path, readOnly, subPath, subPathExpr: from?.subPathExpr }
  }
  const names = ['shm', 'modelcache--llama', ...volumes.flatMap(({ name }) => [name, name, name])]
  return {
    name: random.pick(names),
    mountPath: random.pick(CONTAINER_PATHS),
    readOnly,
    subPath: random.perhaps(0.4, () =>
      random.pick([
        snapshotOf(random.pick(DIGESTS)),
        `snapshots/${random.pick(DIGESTS)}`,
        'llama',
        'a/b',
        '',
        null,
      ]),
    ),
    subPathExpr: random.perhaps(0.1, () =>
      random.pick(['', null, '$(POD)', 'snapshots/$(MODELCACHE__LLAMA_DIGEST)']),
    ),
  }
}
