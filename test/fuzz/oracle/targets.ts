import { annotation, CONTAINERS } from './cluster.ts'
import { at, isObject, listAt, type Members, mapAt, textAt } from './json.ts'
import { madeOf } from './names.ts'
import { unpadded } from './references.ts'

/**
 * The containers that get the mounts; undefined if the pod names one that it does not have, or an empty name.
 */
export function targetsOf(pod: unknown, paths: readonly string[]): Members[] | undefined {
  const containers = listAt(pod, 'spec', 'containers').filter(isObject)
  const asked = annotation(pod, CONTAINERS)
  if (asked !== undefined) {
    const all = [...containers, ...listAt(pod, 'spec', 'initContainers').filter(isObject)]
    const names = asked.split(',').map(unpadded)
    const isThere = names.every(name => name !== '' && all.some(container => container.name === name))
    return isThere ? all.filter(container => names.includes(textAt(container, 'name') ?? '')) : undefined
  }
  const signed = signedOf(pod, paths)
  return signed.length > 0 ? signed : containers
}

/** Those that look like servers, otherwise those with an unknown device. */
function signedOf(pod: unknown, paths: readonly string[]): Members[] {
  const sidecars = listAt(pod, 'spec', 'initContainers')
    .filter(isObject)
    .filter(container => container.restartPolicy === 'Always')
  const candidates = [...listAt(pod, 'spec', 'containers').filter(isObject), ...sidecars]
  const serving = candidates.filter(
    container =>
      resourcesOf(container).some(isAccelerator) || isEngine(container) || namesOneOf(paths, container),
  )
  if (serving.length > 0) return serving
  return candidates.filter(
    container =>
      listAt(container, 'resources', 'claims').length > 0 || resourcesOf(container).some(isExtended),
  )
}

/** Whether several containers get the mounts although nothing distinguishes them. */
export function isGuessOf(pod: unknown, paths: readonly string[]): boolean {
  const several = listAt(pod, 'spec', 'containers').length > 1
  return several && annotation(pod, CONTAINERS) === undefined && signedOf(pod, paths).length === 0
}

/** Whether a container names one of the paths and is none of those that get the mounts. */
export function readsWithoutMount(pod: unknown, paths: readonly string[]): boolean {
  const targets = targetsOf(pod, paths)
  if (targets === undefined) return false
  const chosen = targets.map(container => container.name)
  const all = [...listAt(pod, 'spec', 'initContainers'), ...listAt(pod, 'spec', 'containers')].filter(
    isObject,
  )
  return all.some(container => !chosen.includes(container.name) && namesOneOf(paths, container))
}

/** Of the ones that the generator uses. */
function isAccelerator(resource: string): boolean {
  return ['nvidia.com/gpu', 'google.com/tpu'].includes(resource)
}

function isExtended(resource: string): boolean {
  const [domain = '', name] = resource.split('/')
  return name !== undefined && domain !== 'kubernetes.io' && !domain.endsWith('.kubernetes.io')
}

/**
 * A word of the command line, or a part of it between spaces and equal signs, that is the path of a mount or
 * below it.
 */
function namesOneOf(paths: readonly string[], container: unknown): boolean {
  const values = listAt(container, 'env').map(entry => textAt(entry, 'value') ?? '')
  const texts = [...listAt(container, 'command'), ...listAt(container, 'args'), ...values]
  const words = texts.flatMap(text => String(text).split(/[ =]/))
  return words.some(word => paths.some(path => word === path || word.startsWith(`${path}/`)))
}

/** What it asks for in a quantity other than zero. */
function resourcesOf(container: unknown): string[] {
  const quantities = [
    ...Object.entries(mapAt(container, 'resources', 'limits')),
    ...Object.entries(mapAt(container, 'resources', 'requests')),
  ]
  return quantities.flatMap(([name, quantity]) => (isZero(quantity) ? [] : [name]))
}

const SUFFIXES = ['', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** A quantity whose digits are all zero, in any notation. Text that is not a quantity is not zero. */
function isZero(quantity: unknown): boolean {
  if (quantity === null) return true
  let rest = String(quantity)
  if (rest.startsWith('+') || rest.startsWith('-')) rest = rest.slice(1)
  let digits = ''
  while (rest !== '' && '0.'.includes(rest.charAt(0))) {
    digits += rest.charAt(0)
    rest = rest.slice(1)
  }
  if (!digits.includes('0') || digits.split('.').length > 2) return false
  if (SUFFIXES.includes(rest)) return true
  const power = rest.slice(['+', '-'].includes(rest.charAt(1)) ? 2 : 1)
  return (
    'eE'.includes(rest.charAt(0)) && power.length >= 1 && power.length <= 3 && madeOf(power, '0123456789')
  )
}

/** Parts of images, and what may follow: the end of the part, or with a dash more of it. */
const IMAGES: readonly [name: string, after: string][] = [
  ['vllm/vllm-openai', ''],
  ['lmsysorg/sglang', ':@/-'],
  ['ollama/ollama', ':@/'],
]
const COMMANDS = ['vllm serve ', 'sh -c python3 -m sglang.launch_server ', 'llama-server ']

/**
 * Some of the engines that the product knows. The generator uses these, and programs that are not engines.
 */
function isEngine(container: unknown): boolean {
  const image = textAt(container, 'image') ?? ''
  const given = [...listAt(container, 'command'), ...listAt(container, 'args')]
  // A shell takes an option twice as once. The generator says anything twice.
  const words = given.filter((word, index) => word !== '-c' || given[index - 1] !== '-c').join(' ')
  return (
    IMAGES.some(([name, after]) => isImage(image, name, after)) ||
    COMMANDS.some(start => `${words} `.startsWith(start))
  )
}

function isImage(image: string, name: string, after: string): boolean {
  const begins = `/${image}`.indexOf(`/${name}`)
  if (begins === -1) return false
  const next = image.charAt(begins + name.length)
  return next === '' || after === '' || after.includes(next)
}

export function isWindows(pod: unknown): boolean {
  return (
    textAt(pod, 'spec', 'os', 'name') === 'windows' ||
    at(pod, 'spec', 'nodeSelector', 'kubernetes.io/os') === 'windows'
  )
}
