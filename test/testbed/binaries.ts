import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Paths of everything that is built once and cached. */
export interface Binaries {
  /** The folder that holds the executables, fit for PATH. */
  dir: string
  etcd: string
  kubeApiserver: string
  kubeControllerManager: string
  kubectl: string
  lwsManager: string
  /** LeaderWorkerSet's own manifests, rendered. */
  lwsManifest: string
}

/** The executables by name, with the Go package that each is built from; the quickest to build first. */
export const PACKAGES: Readonly<Record<string, string>> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  'lws-manager': 'sigs.k8s.io/lws/cmd',
}

/** What is to be built and where it goes. */
export interface BuildPlan {
  /** The folder of go.mod. */
  moduleDir: string
  /** The version of Go that go.mod asks for at least. */
  goVersion: string
  flags: string[]
  /** The folder in the cache, named by a hash of all that decides the result. */
  target: string
}

/** Reads go.mod and says what has to be in the cache for it. */
export async function planBuild(): Promise<BuildPlan> {
  const moduleDir = fileURLToPath(new URL('.', import.meta.url))
  const [goMod, goSum] = await Promise.all(
    ['go.mod', 'go.sum'].map(name => readFile(join(moduleDir, name), 'utf8')),
  )
  const goVersion = /^go (\S+)$/m.exec(goMod ?? '')?.[1]
  const version = /^\s*k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\S+)/m.exec(goMod ?? '')
  if (goVersion === undefined || version === null) {
    throw new Error(`${join(moduleDir, 'go.mod')} does not name the versions of Go and of k8s.io/kubernetes`)
  }
  const [, full = '', major = '', minor = ''] = version
  const flags = buildFlags({ full, major, minor })
  const inputs = [goMod, goSum, ...flags, process.platform, process.arch]
  const hash = createHash('sha256').update(inputs.join('\0')).digest('hex').slice(0, 16)
  return { moduleDir, goVersion, flags, target: join(cacheRoot(), hash) }
}

/** Without the version set at link time the API server would report v0.0.0. */
function buildFlags({ full, major, minor }: { full: string; major: string; minor: string }): string[] {
  const version = 'k8s.io/component-base/version'
  const set = [`gitVersion=${full}`, `gitMajor=${major}`, `gitMinor=${minor}`]
  return ['-trimpath', `-ldflags=-s -w ${set.map(pair => `-X ${version}.${pair}`).join(' ')}`]
}

function cacheRoot(): string {
  const { MODELCACHE_TESTBED_CACHE: own, XDG_CACHE_HOME: shared } = process.env
  if (own) return own
  return join(shared || join(homedir(), '.cache'), 'modelcache-testbed')
}

/** The paths inside a finished folder of the cache. */
export function binariesIn(target: string): Binaries {
  const dir = join(target, 'bin')
  return {
    dir,
    etcd: join(dir, 'etcd'),
    kubeApiserver: join(dir, 'kube-apiserver'),
    kubeControllerManager: join(dir, 'kube-controller-manager'),
    kubectl: join(dir, 'kubectl'),
    lwsManager: join(dir, 'lws-manager'),
    lwsManifest: join(target, 'lws.yaml'),
  }
}

/** Whether the folder of the cache is there and whole. */
export async function isComplete(target: string): Promise<boolean> {
  const present = await Promise.allSettled(Object.values(binariesIn(target)).map(path => access(path)))
  return present.every(({ status }) => status === 'fulfilled')
}
