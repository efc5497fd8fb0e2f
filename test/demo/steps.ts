import { readdir } from 'node:fs/promises'
import { z } from 'zod'
import { claimMounts, type StoredPod, storedPod } from '../e2e/support/stored-pod.ts'
import type { Step, Telling } from './story.ts'

const GANG_PODS = 6
const DEPLOYMENT_PODS = 2

const podList = z.object({ items: z.array(storedPod) })

/** The volume and the mount of the cache, without the rest of the pod. */
const STORED_MOUNT =
  '{.spec.volumes[?(@.persistentVolumeClaim)]}{"\\n"}{.spec.containers[0].volumeMounts[?(@.mountPath=="/mnt/model")]}{"\\n"}'

/** How `claimMounts` shows the mount that a container should have. */
const mounted = (container: string) => `${container} llama-weights/llama-3.3-70b-instruct at /mnt/model`

const DONE = /"digest":"sha256:([0-9a-f]{64})"/

/** The story: what is denied, what waits, and what a pod with its cache looks like. */
export const storySteps = ({ manifest, folder }: { manifest: string; folder: string }): Step[] => [
  {
    title: 'Without a cluster: a model from a hub becomes a snapshot in a folder, and is not fetched twice',
    async tell({ modelcache, say, check }) {
      const first = await modelcache(`hydrate -f ${manifest} --into ${folder}`)
      const [, digest] = DONE.exec(first.stdout) ?? []
      check('every file arrived and was verified', first.code === 0 && digest !== undefined)
      const again = await modelcache(`hydrate -f ${manifest} --into ${folder}`)
      check('a second run says the same', DONE.exec(again.stdout)?.[1] === digest)
      const files = await readdir(`${folder}/snapshots/sha256-${digest}`)
      say(`snapshots/sha256-${digest?.slice(0, 8)}… has ${files.toSorted().join(', ')}`)
      check('the shards are there', files.filter(name => name.endsWith('.safetensors')).length === 3)
    },
  },
  {
    title: 'A cache with two sources is denied',
    async tell({ show, check }) {
      await show('apply -f examples/storage/storageclasses.yaml')
      const { code, stderr } = await show('apply -f examples/denied/artifact-source-ambiguous/denied.yaml')
      check(
        'kubectl apply fails, and says which sources it found',
        code !== 0 && /ArtifactSourceAmbiguous.*huggingFace http/.test(stderr),
      )
    },
  },
  {
    title:
      'A cache on a class with block volumes is denied: only one node could mount it, but a gang runs on many',
    async tell({ show, check }) {
      const { code, stderr } = await show('apply -f examples/denied/storage-class-not-rwx/denied.yaml')
      check(
        'kubectl apply fails with StorageClassNotRWX',
        code !== 0 && stderr.includes('StorageClassNotRWX'),
      )
    },
  },
  {
    title: 'The storage of a cache cannot change later',
    async tell({ show, check }) {
      const created = await show('apply -f examples/denied/field-immutable/1-before.yaml')
      check('a valid cache is accepted', created.code === 0)
      const { code, stderr } = await show('apply -f examples/denied/field-immutable/2-denied.yaml')
      check(
        'changing its StorageClass fails with FieldImmutable',
        code !== 0 && /FieldImmutable: storage.pvc.storageClassName/.test(stderr),
      )
    },
  },
  {
    title: 'A cache over a claim that is not bound yet is accepted, and is not Ready',
    async tell({ show, check, until }) {
      const created = await show('apply -f examples/existing-pvc/2-cache.yaml')
      check('claim and cache are created', created.code === 0)
      await until(
        'the controller writes a status',
        'get modelcache/llama-3-3-70b -o jsonpath={.status.phase}',
        result => result.stdout !== '',
      )
      const { stdout } = await show('get modelcaches')
      check('its phase is Pending', /llama-3-3-70b .*Pending/.test(stdout))
    },
  },
  {
    title: 'A LeaderWorkerSet and a vLLM Deployment that ask for it get no pods; their Events say why',
    async tell(telling) {
      const { show, check, until } = telling
      await show('apply -f examples/multi-node-gang/2-gang.yaml -f examples/weights/2-deployment.yaml')
      for (const [kind, owner] of [
        ['StatefulSet', 'llama-gang'],
        ['ReplicaSet', 'llama-vllm-'],
      ] as const) {
        const events = `get events --field-selector reason=FailedCreate,involvedObject.kind=${kind} -o custom-columns=OBJECT:.involvedObject.name,MESSAGE:.message --no-headers`
        await until(`an Event of the ${kind}`, events, result => result.stdout.includes('CacheNotReady'))
        telling.say(`events of the ${kind}:`)
        const { stdout } = await show(events)
        check(
          `the ${kind} says CacheNotReady, and what to wait for`,
          stdout.includes(owner) &&
            /CacheNotReady.*kubectl -n default wait --for=condition=Ready modelcache\/llama-3-3-70b/.test(
              stdout,
            ),
        )
      }
      const { stdout } = await show('get pods -l app.kubernetes.io/component!=hydrator')
      check('no pod of theirs exists', stdout.trim() === '')
    },
  },
  {
    title: 'The volume appears, the real binder binds the claim, and the cache turns Ready',
    async tell({ show, check }) {
      await show('apply -f examples/existing-pvc/1-volume.yaml')
      const { code } = await show('wait --for=condition=Ready modelcache/llama-3-3-70b --timeout=120s')
      check('the wait that the Event recommends ends', code === 0)
      const claim = await show('get pvc/llama-weights')
      check('the claim is Bound', claim.stdout.includes('Bound'))
      const { stdout } = await show('get modelcaches')
      check('its phase is Ready', /llama-3-3-70b .*Ready/.test(stdout))
    },
  },
  {
    title: 'The gangs get their pods, and both leaders and workers mount the weights read-only',
    async tell(telling) {
      const pods = await created(telling, 'leaderworkerset.sigs.k8s.io/name=llama-gang', GANG_PODS)
      await telling.show(
        'get pods -l leaderworkerset.sigs.k8s.io/name=llama-gang -L leaderworkerset.sigs.k8s.io/worker-index',
      )
      for (const [role, name] of [
        ['leader', 'llama-gang-0'],
        ['worker, which names no model', 'llama-gang-0-1'],
      ] as const) {
        telling.say(`as stored, a ${role}:`)
        await telling.show(`get pod/${name} -o jsonpath=${STORED_MOUNT}`)
      }
      telling.check(
        `all ${GANG_PODS} pods mount the weights at /mnt/model, read-only on volume and mount alike`,
        pods.every(pod => claimMounts(pod).join() === mounted(pod.spec.containers[0]?.name ?? '')),
      )
      const given = new Set(pods.map(({ metadata }) => metadata.annotations?.['modelplane.ai/injected']))
      telling.check(`leaders and workers got the same: ${[...given].join()}`, given.size === 1)
    },
  },
  {
    title: 'The Deployment gets its pods too; the exporter beside the engine gets no mount',
    async tell(telling) {
      const pods = await created(telling, 'app=llama-vllm', DEPLOYMENT_PODS)
      await telling.show(
        'get pods -l app=llama-vllm -o custom-columns=NAME:.metadata.name,CONTAINERS:.spec.containers[*].name,MOUNTS:.spec.containers[0].volumeMounts[*].mountPath',
      )
      telling.check(
        'only the container that asks for GPUs has the mount, read-only',
        pods.every(pod => claimMounts(pod).join() === mounted('vllm')),
      )
    },
  },
  {
    title: 'A pod that names a missing cache is denied at once; a pod that names none is left alone',
    async tell({ show, check }) {
      const denied = await show(
        'run typo --image=vllm/vllm-openai:v0.11.0 --annotations=modelplane.ai/caches=llama-3-3-07b',
      )
      check(
        'CacheNotFound says how to list the caches',
        denied.code !== 0 && /CacheNotFound.*get modelcaches/.test(denied.stderr),
      )
      const plain = await show('run plain --image=nginx')
      check('the other pod is created', plain.code === 0)
    },
  },
]

/** Waits until a selector finds the expected number of pods, and returns them as stored. */
async function created({ until }: Telling, selector: string, count: number): Promise<StoredPod[]> {
  const parse = (stdout: string) => podList.safeParse(JSON.parse(stdout)).data?.items ?? []
  const { stdout } = await until(
    `${count} pods of ${selector}`,
    `get pods -l ${selector} -o json`,
    result => result.code === 0 && parse(result.stdout).length === count,
  )
  return parse(stdout)
}
