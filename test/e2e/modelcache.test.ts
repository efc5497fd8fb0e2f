import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import {
  claim,
  classes,
  huggingFace,
  modelCache,
  persistentVolume,
  RWO_CLASS,
  RWX_CLASS,
  soundSpec,
  storageClass,
} from './support/objects.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

const http = { url: 'https://models.example.com/weights.tar' }
const existing = { backend: 'ExistingPVC', existingPVC: { name: 'staged' } }

/** kubectl prints the denial on stderr and exits with 1. */
async function refusal(object: object, ...flags: string[]): Promise<string> {
  const { code, stderr } = await cluster.apply(object, ...flags)
  expect(code, stderr).toBe(1)
  return stderr
}

describe('kubectl apply of a new ModelCache is denied', () => {
  const storage = (pvc: object) => ({ backend: 'PVC', pvc })
  test.each<[string, object, RegExp]>([
    [
      'with two sources',
      { artifact: { source: { http, huggingFace } } },
      /ArtifactSourceAmbiguous: .*found huggingFace http/,
    ],
    ['without an artifact', { artifact: undefined }, /ArtifactSourceRequired: /],
    ['with no source', { artifact: {} }, /ArtifactSourceRequired: /],
    ['with an empty source', { artifact: { source: {} } }, /ArtifactSourceRequired: /],
    [
      'of backend ExistingPVC with a source',
      { storage: existing },
      /StorageMemberMismatch: backend ExistingPVC stages a source/,
    ],
    [
      'of backend ExistingPVC without a claim',
      { artifact: {}, storage: { backend: 'ExistingPVC' } },
      /StorageMemberMismatch: /,
    ],
    [
      'of backend PVC with an existing claim',
      { storage: { ...existing, backend: 'PVC' } },
      /StorageMemberMismatch: /,
    ],
    [
      'with a repository that the Hub cannot have',
      { artifact: { source: { huggingFace: { repo: 'org/a/b' } } } },
      /SourceInvalid: must be name or organisation\/name/,
    ],
    [
      'with a revision that git cannot have',
      { artifact: { source: { huggingFace: { ...huggingFace, revision: 'a..b' } } } },
      /SourceInvalid: must be a name that git allows/,
    ],
    [
      'with a revision that has a space',
      { artifact: { source: { huggingFace: { ...huggingFace, revision: 'a b' } } } },
      /SourceInvalid: must be a branch, tag or commit/,
    ],
    [
      'with a glob that climbs out of the repository',
      { artifact: { source: { huggingFace: { ...huggingFace, include: ['*.json', '../x'] } } } },
      /SourceInvalid: must not have "\.\." as a part/,
    ],
    [
      'with a container that Azure cannot have',
      { artifact: { source: { azure: { account: 'models', uri: 'az://a--b/' } } } },
      /SourceInvalid: must name a container without "--"/,
    ],
    [
      'with a bucket that Google cannot have',
      { artifact: { source: { gcs: { uri: 'gs://My_Bucket/x' } } } },
      /SourceInvalid: must be gs:/,
    ],
    [
      'with the claim of another cache',
      { artifact: { source: { pvcClone: { name: 'modelcache--llama' } } } },
      /SourceInvalid: must not be the claim of another ModelCache/,
    ],
    [
      'with an image path that is relative',
      { artifact: { source: { oci: { reference: 'ghcr.io/models/llama:1', path: 'models' } } } },
      /SourceInvalid: must be absolute/,
    ],
    [
      'with a bucket that S3 cannot have',
      { artifact: { source: { s3: { uri: 's3://My_Bucket/x' } } } },
      /SourceInvalid: must be s3:/,
    ],
    [
      'with an endpoint that is no URL',
      { artifact: { source: { s3: { uri: 's3://bucket/x', endpoint: 'minio:9000' } } } },
      /SourceInvalid: must be an http or https URL/,
    ],
    [
      'with credentials in a URL',
      { artifact: { source: { http: { url: 'https://me:secret@models.example.com/x' } } } },
      /SourceInvalid: must not have credentials/,
    ],
    [
      'with a URL whose port is out of range',
      { artifact: { source: { http: { url: 'https://models.example.com:99999/x' } } } },
      /denied the request: SourceInvalid: .*check its host and port/,
    ],
    [
      'with an image reference in upper case',
      { artifact: { source: { oci: { reference: 'ghcr.io/Models/llama:70b' } } } },
      /SourceInvalid: must be registry\/repository:tag/,
    ],
    [
      'with a reference that names no registry',
      { artifact: { source: { oci: { reference: 'ai/llama3.2:1B' } } } },
      /SourceInvalid: must start with its registry/,
    ],
    [
      'with a signed URL',
      { artifact: { source: { http: { url: 'https://models.example.com/x?X-Amz-Signature=ab' } } } },
      /SourceInvalid: must not have a token or signature/,
    ],
    [
      'with no URL',
      { artifact: { source: { http: { secretRef: { name: 'x' } } } } },
      /SourceInvalid: must have either url, urls or secretRef.urlKey/,
    ],
    [
      'with several files and the checksum of one',
      { artifact: { source: { http: { urls: [{ url: 'https://e.com/x' }], sha256: 'a'.repeat(64) } } } },
      /SourceInvalid: must not have sha256 beside urls/,
    ],
    [
      'with a token in one of several URLs',
      { artifact: { source: { http: { urls: [{ url: 'https://e.com/x?token=hunter2' }] } } } },
      /SourceInvalid: must not have a token or signature/,
    ],
    [
      'with a file that leaves its folder',
      { artifact: { source: { http: { urls: [{ url: 'https://e.com/x', path: '../x' }] } } } },
      /SourceInvalid: must be a plain path below the mount path/,
    ],
    [
      'with an inline file outside of its folder',
      { artifact: { source: { inline: { files: { '../chat.jinja': 'x' } } } } },
      /denied the request: SourceInvalid: .*inline.files has file name "\.\.\/chat.jinja"/,
    ],
    ['with a relative mount path', { mount: { path: 'mnt/model' } }, /MountPathInvalid: /],
    ['with a mount path that climbs', { mount: { path: '/mnt/../model' } }, /MountPathInvalid: /],
    [
      'with a folder outside of its claim',
      { artifact: {}, storage: { ...existing, existingPVC: { name: 'staged', subPath: '../other' } } },
      /MountPathInvalid: .*relative/,
    ],
    ['with a mount path above system files', { mount: { path: '/usr' } }, /MountPathReserved: /],
    [
      'over the service account token',
      { mount: { path: '/var/run/secrets/kubernetes.io/serviceaccount' } },
      /MountPathReserved: /,
    ],
    [
      'of a kind that is not implemented',
      { artifact: { kind: 'Engine', source: { http } } },
      /NotImplemented: Adapter and Engine/,
    ],
    [
      'of a backend that is not implemented',
      { storage: { backend: 'ContentAddressed' } },
      /NotImplemented: /,
    ],
    [
      'that copies a claim that does not exist',
      { artifact: { source: { pvcClone: { name: 'nowhere' } } } },
      /ClaimNotFound: .*nowhere/,
    ],
    ['of a replication that is not implemented', { replication: 'AllMatchingNodes' }, /NotImplemented: /],
    [
      'on a class that does not exist',
      { storage: storage({ storageClassName: 'absent' }) },
      /StorageClassNotFound: .*name one that supports ReadWriteMany: e2e-/,
    ],
    [
      'on a class of block volumes',
      { storage: storage({ storageClassName: RWO_CLASS }) },
      /StorageClassNotRWX: .*ebs.csi.aws.com/,
    ],
    ['over a claim that does not exist', { artifact: {}, storage: existing }, /ClaimNotFound: .*staged/],
    [
      'over a claim of another namespace',
      { artifact: {}, storage: { ...existing, existingPVC: { name: 'staged', namespace: 'other' } } },
      /ClaimNotFound: .*own namespace/,
    ],
    ['with an unknown field', { bogus: true }, /strict decoding error: unknown field "spec.bogus"/],
  ])('%s', async (_title, changes, words) => {
    expect(await refusal(modelCache('refused', soundSpec(changes)))).toMatch(words)
  })

  test('with more than 256 KiB of inline text', async () => {
    const files = { a: 'x'.repeat(262_144), b: 'x' }
    const object = modelCache('refused', soundSpec({ artifact: { source: { inline: { files } } } }))
    // Server-side, because the annotation of client-side apply would be too long before any rule runs.
    expect(await refusal(object, '--server-side')).toMatch(
      /denied the request: SourceInvalid: .*more than 256 KiB/,
    )
  })

  test('over a claim that one node alone can mount', async () => {
    await cluster.need(claim('one-node', ['ReadWriteOnce']))
    const spec = soundSpec({
      artifact: {},
      storage: { backend: 'ExistingPVC', existingPVC: { name: 'one-node' } },
    })
    expect(await refusal(modelCache('refused', spec))).toMatch(/ClaimNotShared: .*ReadWriteOnce/)
  })

  test('by a server-side dry run as well', async () => {
    const spec = soundSpec({ storage: storage({ storageClassName: RWO_CLASS }) })
    expect(await refusal(modelCache('refused', spec), '--dry-run=server')).toMatch(/StorageClassNotRWX/)
  })

  test('on an unknown provisioner, until the administrator attests to it', async () => {
    await cluster.need(storageClass('e2e-unknown', 'storage.example.com'))
    const object = modelCache(
      'attested',
      soundSpec({ storage: storage({ storageClassName: 'e2e-unknown' }) }),
    )
    const words = await refusal(object)
    expect(words).toMatch(
      /StorageClassNotRWX: .*kubectl annotate storageclass e2e-unknown modelplane.ai\/access-modes=ReadWriteMany/,
    )
    await cluster.need(
      storageClass('e2e-unknown', 'storage.example.com', { 'modelplane.ai/access-modes': 'ReadWriteMany' }),
    )
    // The watch may lag behind the annotation, but the live read that confirms the denial sees it.
    expect((await cluster.apply(object)).stderr).toBe('')
  })

  test('without a class, unless the default one will do', async () => {
    // A source that no other cache has, because a second cache of a source gets a warning.
    const object = modelCache(
      'by-default',
      soundSpec({ artifact: { source: { http } }, storage: storage({ sizeGiB: 1 }) }),
    )
    expect(await refusal(object)).toMatch(/NoStorageClass: /)
    const isDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    await cluster.need(storageClass('e2e-default', 'ebs.csi.aws.com', isDefault))
    expect(await refusal(object)).toMatch(/StorageClassNotRWX: .*the default class is e2e-default/)
    await cluster.kubectl(['delete', 'storageclass', 'e2e-default'])
    await cluster.need(storageClass('e2e-default', 'efs.csi.aws.com', isDefault))
    const accepted = await cluster.apply(object)
    await cluster.kubectl(['delete', 'storageclass', 'e2e-default'])
    expect(accepted.stderr).toBe('')
  })
})

describe('a stored ModelCache', () => {
  const spec = soundSpec({
    artifact: {
      kind: 'Weights',
      source: { huggingFace: { ...huggingFace, secretRef: { name: 'old-token' } } },
    },
  })
  beforeAll(() => cluster.need(modelCache('stored', spec)))

  test.each<[string, object, RegExp]>([
    [
      'backend',
      { artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name: 'x' } } },
      /FieldImmutable: storage.backend/,
    ],
    ['source', { artifact: { source: { http } } }, /FieldImmutable: artifact.source cannot change/],
    ['having a source', { artifact: {} }, /FieldImmutable: artifact.source cannot change/],
    [
      'files',
      { artifact: { source: { huggingFace: { ...huggingFace, include: ['*.json'] } } } },
      /FieldImmutable: artifact.source.huggingFace.include/,
    ],
    [
      'repository',
      { artifact: { source: { huggingFace: { ...huggingFace, repo: 'other/model' } } } },
      /FieldImmutable: artifact.source.huggingFace.repo/,
    ],
    [
      'revision',
      { artifact: { source: { huggingFace: { ...huggingFace, revision: 'v2' } } } },
      /FieldImmutable: artifact.source.huggingFace.revision/,
    ],
    [
      'artifact kind',
      { artifact: { kind: 'Bytes', source: { huggingFace } } },
      /FieldImmutable: artifact.kind/,
    ],
    ['mount path', { mount: { path: '/mnt/elsewhere' } }, /FieldImmutable: mount.path/],
    [
      'class',
      { storage: { backend: 'PVC', pvc: { sizeGiB: 200 } } },
      /FieldImmutable: storage.pvc.storageClassName/,
    ],
    [
      'size, or grows',
      { storage: { backend: 'PVC', pvc: { storageClassName: RWX_CLASS, sizeGiB: 199 } } },
      /SizeCannotShrink: a claim only grows/,
    ],
    [
      'size set',
      { storage: { backend: 'PVC', pvc: { storageClassName: RWX_CLASS } } },
      /SizeCannotShrink: a claim only grows/,
    ],
    [
      'size on a class that cannot expand',
      { storage: { backend: 'PVC', pvc: { storageClassName: RWX_CLASS, sizeGiB: 201 } } },
      /denied the request: ExpansionNotAllowed: .*StorageClass e2e-shared-files does not have allowVolumeExpansion/,
    ],
  ])('keeps its %s', async (_what, changes, words) => {
    expect(await refusal(modelCache('stored', soundSpec(changes)))).toMatch(words)
  })

  test('may grow on a class that allows expansion, as soon as it does', async () => {
    const shared = storageClass('e2e-growing', 'efs.csi.aws.com')
    const sized = (sizeGiB: number) =>
      modelCache(
        'growing',
        soundSpec({ storage: { backend: 'PVC', pvc: { storageClassName: 'e2e-growing', sizeGiB } } }),
      )
    await cluster.need(shared, sized(1))
    expect(await refusal(sized(2))).toMatch(/ExpansionNotAllowed: /)
    await cluster.need({ ...shared, allowVolumeExpansion: true })
    expect((await cluster.apply(sized(2))).stderr).toBe('')
    await cluster.kubectl(['delete', 'storageclass', 'e2e-growing'])
  })

  test('may change its credentials', async () => {
    const artifact = {
      kind: 'Weights',
      source: { huggingFace: { ...huggingFace, secretRef: { name: 'new-token' } } },
    }
    expect((await cluster.apply(modelCache('stored', soundSpec({ artifact })))).code).toBe(0)
  })

  test('can still be labelled when its class is gone', async () => {
    await cluster.need(storageClass('e2e-short-lived', 'efs.csi.aws.com'))
    await cluster.need(
      modelCache('orphan', soundSpec({ storage: { pvc: { storageClassName: 'e2e-short-lived' } } })),
    )
    await cluster.kubectl(['delete', 'storageclass', 'e2e-short-lived'])
    const { code, stderr } = await cluster.kubectl(['label', 'modelcache/orphan', 'team=ml'])
    expect(code, stderr).toBe(0)
  })

  test('can be deleted, finalizers and all', async () => {
    await cluster.need({
      ...modelCache('leaving', soundSpec()),
      metadata: { name: 'leaving', finalizers: ['example.com/hold'] },
    })
    await cluster.kubectl(['delete', 'modelcache/leaving', '--wait=false'])
    const { code, stderr } = await cluster.kubectl([
      'patch',
      'modelcache/leaving',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ])
    expect(code, stderr).toBe(0)
  })

  test('is explained and listed by kubectl', async () => {
    const explained = await cluster.kubectl(['explain', 'mc.spec.storage.pvc.sizeGiB'])
    expect(explained.stdout).toMatch(/Size of the claim in GiB/)
    const row = await eventually('a status', async () => {
      const { stdout } = await cluster.kubectl(['get', 'mc', 'stored', '-o', 'wide'])
      return stdout.includes('hf://') ? stdout : undefined
    })
    expect(row.split(/\s*\n/)[0]?.split(/\s{2,}/)).toEqual([
      'NAME',
      'SOURCE',
      'BACKEND',
      'PHASE',
      'READY',
      'PROGRESS',
      'SIZE',
      'CLUSTERS',
      'REFERENCES',
      'AGE',
      'DIGEST',
      'MOUNT',
    ])
    expect(row).toMatch(
      /stored\s+hf:\/\/meta-llama\/Llama-3.3-70B-Instruct@5206a32e\S+\s+PVC\s+Provisioning\s+False\s.*\/mnt\/model/,
    )
  })
})

describe('a ModelCache over an existing claim', () => {
  test('is Ready while its claim is bound by the real binder, and not when the claim goes', async () => {
    const name = `staged-${cluster.namespace}`
    await cluster.need(claim(name, ['ReadOnlyMany'], name))
    await cluster.need(
      modelCache(
        'staged',
        soundSpec({ artifact: {}, storage: { backend: 'ExistingPVC', existingPVC: { name } } }),
      ),
    )
    const ready = async () => {
      const { stdout } = await cluster.kubectl([
        'get',
        'modelcache/staged',
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Ready")].reason} {.status.phase} {.status.size}',
      ])
      return stdout
    }
    await eventually('ClaimNotBound', async () =>
      (await ready()) === 'ClaimNotBound Pending ' ? true : undefined,
    )
    await cluster.need(persistentVolume(name, ['ReadOnlyMany']))
    const waited = await cluster.kubectl([
      'wait',
      '--for=condition=Ready',
      'modelcache/staged',
      '--timeout=180s',
    ])
    expect(waited.code, waited.stderr).toBe(0)
    expect(await ready()).toBe('ClaimBound Ready 1Gi')
    await cluster.kubectl(['delete', 'pvc', name])
    await eventually('ClaimNotFound', async () =>
      (await ready()).startsWith('ClaimNotFound Pending') ? true : undefined,
    )
    await cluster.kubectl(['delete', 'pv', name])
    const told = await eventually('both Events', async () => {
      const { stdout } = await cluster.kubectl(['describe', 'modelcache/staged'])
      return stdout.includes('NotReady') ? stdout : undefined
    })
    expect(told).toMatch(
      /Normal +Ready .*modelplane\.ai\/controller.* ClaimBound: PersistentVolumeClaim staged-/,
    )
    expect(told).toMatch(/Warning +NotReady .*Claim(Terminating|NotFound): PersistentVolumeClaim staged-/)
  })
})
