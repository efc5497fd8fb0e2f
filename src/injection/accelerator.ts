import type { Container } from '../api/kubernetes/pod.ts'
import { parseQuantity } from '../api/kubernetes/quantity.ts'

/**
 * Resource names of accelerators, by their domain and the rest. Sources: the device plugins and sharing
 * schedulers of the vendors, as their own documentation names them.
 */
const ACCELERATORS: Readonly<Record<string, RegExp>> = {
  // gpu, gpu.shared, mig-1g.5gb, vGPU types, HAMi's gpumem and gpucores. The NICs of the network operator use
  // this domain too.
  'nvidia.com': /^(?!.*(rdma|hostdev|sriov|mlnx|(^|[-_])nics?([-_]|$))).+/i,
  'amd.com': /^(gpu|[scdq]px_)/,
  // i915, xe, and shares of them. i915_monitoring only reads counters.
  'gpu.intel.com': /^(?!.*monitoring)/,
  'npu.intel.com': /./,
  'ibm.com': /^spyre/,
  'habana.ai': /^gaudi/,
  'google.com': /^tpu/,
  'cloud-tpus.google.com': /./,
  'aws.amazon.com': /^neuron/,
  'huawei.com': /^(Ascend|npu)/i,
  'cambricon.com': /./,
  'hygon.com': /./,
  'iluvatar.ai': /./,
  'iluvatar.com': /./,
  'metax-tech.com': /./,
  'mthreads.com': /./,
  'enflame.com': /./,
  'kunlunxin.com': /./,
  'birentech.com': /./,
  'qualcomm.com': /^qaic/,
  'furiosa.ai': /./,
  'rebellions.ai': /./,
  'tenstorrent.com': /./,
  // Schedulers that share GPUs under their own names.
  'volcano.sh': /^v?gpu/,
  'vke.volcengine.com': /^mgpu/,
  'aliyun.com': /^gpu/,
  'alibabacloud.com': /^[gp]pu/,
  'baidu.com': /cgpu/,
  'elasticgpu.io': /^gpu/,
  'k8s.amazonaws.com': /^vgpu/,
  'tencent.com': /^vcuda/,
  'koordinator.sh': /^gpu/,
  'run.ai': /gpu/,
}

/** A device class as an extended resource: Kubernetes 1.34, KEP-5004. */
const DEVICE_CLASS = 'deviceclass.resource.kubernetes.io'
/** Device classes of the vendors' drivers for dynamic resource allocation. */
const DEVICE_CLASSES = /^(gpu|mig|vfio|tpu|npu|gaudi|neuron)\.|^neuron/

/** Whether a container asks for a known accelerator, in a quantity other than zero. */
export function requestsAccelerator(container: Container): boolean {
  return asksFor(container, isAccelerator)
}

/**
 * Whether a container asks for an unknown device: an extended resource with another name, or a claim of
 * dynamic resource allocation, whose class is in another object.
 */
export function requestsUnknownDevice(container: Container): boolean {
  if ((container.resources?.claims?.length ?? 0) > 0) return true
  return asksFor(container, name => isExtended(name) && !isAccelerator(name))
}

/** Whether a container asks for some of a resource that is meant. */
function asksFor({ resources }: Container, isMeant: (resource: string) => boolean): boolean {
  const asked = (list: Quantities) =>
    list !== undefined && Object.keys(list).some(name => isMeant(name) && !isZero(list[name] ?? null))
  return asked(resources?.limits) || asked(resources?.requests)
}

type Quantities = NonNullable<Container['resources']>['limits']

function isAccelerator(resource: string): boolean {
  // Most resources are cpu and memory, which have no domain.
  if (!resource.includes('/')) return false
  const [domain, name] = parts(resource)
  if (domain === DEVICE_CLASS) return DEVICE_CLASSES.test(name)
  return Object.hasOwn(ACCELERATORS, domain) && ACCELERATORS[domain]?.test(name) === true
}

/** Kubernetes: an extended resource has a fully qualified name outside kubernetes.io. */
function isExtended(resource: string): boolean {
  const [domain, name] = parts(resource)
  if (name === '') return false
  return domain === DEVICE_CLASS || (domain !== 'kubernetes.io' && !domain.endsWith('.kubernetes.io'))
}

function parts(resource: string): [domain: string, name: string] {
  const slash = resource.indexOf('/')
  return slash === -1 ? ['', ''] : [resource.slice(0, slash), resource.slice(slash + 1)]
}

/** A quantity that starts like this is not zero, whatever follows. Most quantities do. */
const NOT_ZERO = /^[1-9]/

/** Go reads null as no amount. */
function isZero(quantity: string | number | null): boolean {
  if (quantity === null) return true
  return !NOT_ZERO.test(String(quantity)) && parseQuantity(quantity) === 0n
}
