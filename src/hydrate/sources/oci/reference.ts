/** A reference to an image or artifact, in parts. */
export interface Reference {
  /** The registry as people write it, such as `docker.io` or `registry.example.com:5000`. */
  registry: string
  repository: string
  /** What the registry is asked for: a digest if there is one, or else a tag. */
  wanted: string
}

/** Takes a reference apart, by the grammar of github.com/distribution/reference. The API has checked it. */
export function parseReference(text: string): Reference {
  const [name = '', digest] = text.split('@')
  const slash = name.indexOf('/')
  const registry = name.slice(0, slash)
  const rest = name.slice(slash + 1)
  const colon = rest.indexOf(':')
  const repository = colon === -1 ? rest : rest.slice(0, colon)
  const tag = colon === -1 ? 'latest' : rest.slice(colon + 1)
  return { registry, repository: inFull(registry, repository), wanted: digest ?? tag }
}

/** Names of Docker Hub, whose registry has a host of its own. */
const DOCKER_HUB = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

/** Docker Hub keeps official images in `library`. */
function inFull(registry: string, repository: string): string {
  return isDockerHub(registry) && !repository.includes('/') ? `library/${repository}` : repository
}

export function isDockerHub(registry: string): boolean {
  return DOCKER_HUB.includes(registry)
}

/** The URL of the registry's API. A registry on this machine has no TLS, as container runtimes assume. */
export function apiUrl({ registry }: Pick<Reference, 'registry'>, plainHTTP: boolean | undefined): string {
  const host = isDockerHub(registry) ? 'registry-1.docker.io' : registry
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+)(:|$)/.test(host)
  return `${(plainHTTP ?? isLocal) ? 'http' : 'https'}://${host}/v2`
}
