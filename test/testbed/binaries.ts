import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureBuilt, type Report } from './build.ts'
import type { BuildPlan, BuildSet } from './build-plan.ts'
import { outputOf, runCommand } from './command.ts'
import { goModuleDir } from './go.ts'

/** Paths of everything that a control plane with LeaderWorkerSet needs. */
export interface Binaries {
  /** The folder with the executables, for PATH. */
  dir: string
  etcd: string
  kubeApiserver: string
  kubeControllerManager: string
  kubectl: string
  lwsManager: string
  /** LeaderWorkerSet's own manifests, rendered. */
  lwsManifest: string
}

/** Paths of what a node needs in addition to Debian packages. */
export interface NodeBinaries {
  /** The folder with the executables. containerd finds its shim there. */
  dir: string
  kubeScheduler: string
  kubeProxy: string
  kubelet: string
  containerd: string
  ctr: string
}

const controlPlane: BuildSet = {
  name: 'control plane',
  module: '.',
  // The quickest to build comes first.
  packages: {
    etcd: 'go.etcd.io/etcd/server/v3',
    'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
    'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
    kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    'lws-manager': 'sigs.k8s.io/lws/cmd',
  },
  files: ['lws.yaml'],
  finish: renderLws,
  duration: 'about five minutes on two cores',
}

/** Other versions of Kubernetes that `make matrix` runs, each with a go.mod of its own. */
const OTHER_MINORS = ['1.30', '1.34', '1.35', '1.37']

/** The parts of a control plane that decide how an API behaves. */
function otherControlPlane(minor: string): BuildSet {
  if (!OTHER_MINORS.includes(minor))
    throw new Error(`there is no test bed of Kubernetes ${minor}; there are ${OTHER_MINORS.join(', ')}`)
  return {
    name: `Kubernetes ${minor}`,
    module: `kubernetes-${minor}`,
    packages: {
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
    },
    duration: 'about six minutes on two cores',
  }
}

const node: BuildSet = {
  name: 'node',
  module: '.',
  packages: {
    'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
    'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
    kubelet: 'k8s.io/kubernetes/cmd/kubelet',
  },
  duration: 'about two minutes more',
}

const containerd: BuildSet = {
  name: 'containerd',
  module: 'containerd',
  packages: Object.fromEntries(
    ['containerd', 'containerd-shim-runc-v2', 'ctr'].map(name => [
      name,
      `github.com/containerd/containerd/v2/cmd/${name}`,
    ]),
  ),
  duration: 'about a minute',
}

const helm: BuildSet = {
  name: 'helm',
  module: 'helm',
  packages: { helm: 'helm.sh/helm/v3/cmd/helm' },
  duration: 'under two minutes',
}

const oras: BuildSet = {
  name: 'oras',
  module: 'oras',
  packages: { oras: 'oras.land/oras/cmd/oras' },
  duration: 'half a minute',
}

const registry: BuildSet = {
  name: 'registry',
  module: 'registry',
  packages: { registry: 'github.com/distribution/distribution/v3/cmd/registry' },
  duration: 'about three minutes',
}

const fakeGcsServer: BuildSet = {
  name: 'fake-gcs-server',
  module: 'fake-gcs-server',
  packages: { 'fake-gcs-server': 'github.com/fsouza/fake-gcs-server' },
  duration: 'about a minute',
}

const kueue: BuildSet = {
  name: 'kueue',
  module: 'kueue',
  packages: { 'kueue-manager': 'sigs.k8s.io/kueue/cmd/kueue' },
  files: ['kueue.yaml'],
  finish: renderKueue,
  duration: 'about three minutes',
}

const GITOPS = 'modelplane.ai/modelcache/test/testbed/gitops'

const gitops: BuildSet = {
  name: 'gitops',
  module: 'gitops',
  packages: { kstatus: `${GITOPS}/kstatus`, 'argo-health': `${GITOPS}/argo-health` },
  sources: ['kstatus/main.go', 'argo-health/main.go'],
  duration: 'half a minute',
}

/**
 * The binaries and manifests of a control plane, built from source the first time, and later from the cache.
 */
export async function ensureBinaries(onProgress: Report): Promise<Binaries> {
  const target = await ensureBuilt(controlPlane, onProgress)
  const dir = join(target, 'bin')
  const minor = process.env.MODELCACHE_TESTBED_KUBERNETES
  const other = minor ? join(await ensureBuilt(otherControlPlane(minor), onProgress), 'bin') : dir
  return {
    dir,
    etcd: join(dir, 'etcd'),
    kubeApiserver: join(other, 'kube-apiserver'),
    kubeControllerManager: join(other, 'kube-controller-manager'),
    kubectl: join(dir, 'kubectl'),
    lwsManager: join(dir, 'lws-manager'),
    lwsManifest: join(target, 'lws.yaml'),
  }
}

/** The binaries of a node, in the same way. */
export async function ensureNodeBinaries(onProgress: Report): Promise<NodeBinaries> {
  const kubernetes = join(await ensureBuilt(node, onProgress), 'bin')
  const dir = join(await ensureBuilt(containerd, onProgress), 'bin')
  return {
    dir,
    kubeScheduler: join(kubernetes, 'kube-scheduler'),
    kubeProxy: join(kubernetes, 'kube-proxy'),
    kubelet: join(kubernetes, 'kubelet'),
    containerd: join(dir, 'containerd'),
    ctr: join(dir, 'ctr'),
  }
}

/** The path of helm, in the same way. */
export async function ensureHelm(onProgress: Report): Promise<string> {
  return join(await ensureBuilt(helm, onProgress), 'bin', 'helm')
}

/** The path of the registry of distribution, in the same way. */
export async function ensureRegistry(onProgress: Report): Promise<string> {
  return join(await ensureBuilt(registry, onProgress), 'bin', 'registry')
}

/** The path of fake-gcs-server, in the same way. */
export async function ensureFakeGcsServer(onProgress: Report): Promise<string> {
  return join(await ensureBuilt(fakeGcsServer, onProgress), 'bin', 'fake-gcs-server')
}

/** The path of oras, in the same way. */
export async function ensureOras(onProgress: Report): Promise<string> {
  return join(await ensureBuilt(oras, onProgress), 'bin', 'oras')
}

/** The manager of Kueue and its manifests, in the same way. */
export async function ensureKueue(onProgress: Report): Promise<{ binary: string; manifest: string }> {
  const target = await ensureBuilt(kueue, onProgress)
  return { binary: join(target, 'bin', 'kueue-manager'), manifest: join(target, 'kueue.yaml') }
}

/** The paths of what judges a status as GitOps tools do, in the same way. */
export async function ensureGitops(onProgress: Report): Promise<{ kstatus: string; argoHealth: string }> {
  const dir = join(await ensureBuilt(gitops, onProgress), 'bin')
  return { kstatus: join(dir, 'kstatus'), argoHealth: join(dir, 'argo-health') }
}

async function renderLws(scratch: string, plan: BuildPlan): Promise<void> {
  const kubectl = join(scratch, 'bin', 'kubectl')
  await render(kubectl, await goModuleDir(plan, 'sigs.k8s.io/lws'), join(scratch, 'lws.yaml'))
}

async function renderKueue(scratch: string, plan: BuildPlan): Promise<void> {
  const { kubectl } = await ensureBinaries(() => {})
  await render(kubectl, await goModuleDir(plan, 'sigs.k8s.io/kueue'), join(scratch, 'kueue.yaml'))
}

/** The manifests of an operator come with its module, so they always match its manager. */
async function render(kubectl: string, moduleDir: string, file: string): Promise<void> {
  const rendered = await runCommand(kubectl, ['kustomize', join(moduleDir, 'config', 'default')])
  await writeFile(file, outputOf(rendered, `rendering the manifests in ${moduleDir}`))
}
