import { annotation, CONTAINERS } from './cluster.ts'
import { at, isObject, listAt, type Members, mapAt, textAt } from './json.ts'
import { madeOf } from './names.ts'
import { unpadded } from './references.ts'

/** The containers that get the mounts; undefined where the pod names one that it does not have. */
export function targetsOf(pod: unknown): Members[] | undefined {
  const containers = listAt(pod, 'spec', 'containers').filter(isObject)
  const asked = annotation(pod, CONTAINERS)
  if (asked !== undefined) {
    const all = [...containers, ...listAt(pod, 'spec', 'initContainers').filter(isObject)]
    const names = asked.split(',').map(unpadded)
    const isThere = names.every(name => all.some(container => container.name === name))
    return isThere ? all.filter(container => names.includes(textAt(container, 'name') ?? '')) : undefined
  }
  const accelerated = containers.filter(asksForAccelerator)
  if (accelerated.length > 0) return accelerated
  const engines = containers.filter(isEngine)
  return engines.length > 0 ? engines : containers
}

/** An extended resource in a quantity that is not zero, or a claim of dynamic resource allocation. */
function asksForAccelerator(container: unknown): boolean {
  if (listAt(container, 'resources', 'claims').length > 0) return true
  const quantities = [
    ...Object.entries(mapAt(container, 'resources', 'limits')),
    ...Object.entries(mapAt(container, 'resources', 'requests')),
  ]
  return quantities.some(([name, quantity]) => {
    const [domain = '', resource] = name.split('/')
    const isKubernetes = domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io')
    return resource !== undefined && !isKubernetes && !isZero(quantity)
  })
}

const SUFFIXES = ['', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** A quantity whose digits are all zero, in any way of writing it. What is no quantity is not zero. */
function isZero(quantity: unknown): boolean {
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

const IMAGES = ['vllm/vllm-openai', 'lmsysorg/sglang', 'ollama/ollama']
const COMMANDS = ['vllm serve ', ' -m sglang.launch_server ', 'llama-server ']

/** Some of the engines that the product knows; the generator uses these and programs that are none. */
function isEngine(container: unknown): boolean {
  const image = textAt(container, 'image') ?? ''
  const words = [...listAt(container, 'command'), ...listAt(container, 'args')].join(' ')
  return IMAGES.some(name => image.includes(name)) || COMMANDS.some(start => `${words} `.includes(start))
}

export function isWindows(pod: unknown): boolean {
  return (
    textAt(pod, 'spec', 'os', 'name') === 'windows' ||
    at(pod, 'spec', 'nodeSelector', 'kubernetes.io/os') === 'windows'
  )
}
