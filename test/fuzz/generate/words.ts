/** Names, paths and the like from small sets, so that generated objects often meet. */

export const NAMESPACE = 'ml-team'
export const CACHE_NAMES = ['llama', 'chat', 'tok-2', 'llama.v2', 'x'.repeat(60), `${'y.'.repeat(30)}z`]
export const CLAIM_NAMES = [
  'ops-staged',
  'ops-2',
  'modelcache--llama',
  'modelcache--gone',
  'modelcache--chat',
  'mine',
]
export const CLASS_NAMES = ['shared', 'block', 'odd', 'mystery']
export const LEADERS = ['gang-0', 'gang-1']
export const JOB_UIDS = ['uid-1', 'uid-2']

const hex = '0123456789abcdef'
export const DIGESTS = [...'5ea'].map(digit => `sha256:${digit.repeat(64)}`)
export const NO_DIGESTS = [
  '',
  'sha256:',
  `sha256:${hex.repeat(3)}`,
  `sha256:${'E'.repeat(64)}`,
  `sha512:${hex.repeat(4)}`,
]

/** Mount paths of caches: apart, one inside another, or nearly so. */
export const CACHE_PATHS = [
  '/mnt/model',
  '/mnt/tokenizer',
  '/models',
  '/models/chat',
  '/mnt/model2',
  '/srv/ä',
]

/** Where containers mount other things. */
export const CONTAINER_PATHS = [
  ...CACHE_PATHS,
  '/mnt/model/',
  '/mnt//model',
  '/mnt/./model',
  '/mnt/x/../model',
  'mnt/model',
  '/mnt',
  '/mnt/model/sub',
  '/',
  '/..',
  '/dev/shm',
  '/data',
  '',
]

/** Invalid names, and names that trip up programs. */
export const ODD_NAMES = [
  '',
  ' ',
  'Llama',
  'a_b',
  '-a',
  'a-',
  'a..b',
  '.a',
  'a/b',
  'a~b',
  '~0~1',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'é',
  '💥',
  'a\u0000b',
  'a\u202eb',
  'a\nb',
  'x'.repeat(254),
]

export const ANNOTATION_KEYS = [
  'app',
  'example.com/a',
  'a~b',
  'a/b~1c',
  '~0',
  '-',
  '0',
  'constructor',
  'toString',
]
