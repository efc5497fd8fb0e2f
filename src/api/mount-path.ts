import { UNPRINTABLE } from './schema/text.ts'

/** Paths that a mount may not cover, neither at them nor above them. */
export const SYSTEM_PATHS = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  '/tmp',
  '/usr',
  // On systems with a merged /usr, these are /bin, /lib and so on.
  '/usr/bin',
  '/usr/lib',
  '/usr/lib32',
  '/usr/lib64',
  '/usr/libexec',
  '/usr/libx32',
  '/usr/local',
  '/usr/local/bin',
  '/usr/local/etc',
  '/usr/local/lib',
  '/usr/local/lib64',
  '/usr/local/libexec',
  '/usr/local/sbin',
  '/usr/sbin',
  '/var',
  // In most images /var/run is a link to /run.
  '/run/secrets',
  '/var/run/secrets',
  '/vault/secrets',
]

/** Of those, the paths that a mount may lie inside. */
const OPEN_PATHS = ['/home', '/opt', '/root', '/run', '/tmp', '/usr', '/usr/local', '/var']

/**
 * Paths that a mount may not lie inside either: the kernel's; those of programs, libraries and their
 * configuration, such as /etc/passwd and /etc/ld.so.preload; and those of tokens, which Kubernetes, EKS,
 * Azure and Vault mount.
 */
export const SEALED_PATHS = SYSTEM_PATHS.filter(path => !OPEN_PATHS.includes(path))

/**
 * Folders of any home directory that programs use to log in elsewhere. A mount may neither be one nor lie
 * inside one. RE2 reads this pattern too.
 */
export const CREDENTIAL_FOLDERS = '/\\.(ssh|gnupg|aws|azure|kube|docker|config/gcloud)(/|$)'

const credentialFolder = new RegExp(CREDENTIAL_FOLDERS)

/** Whether `inner` is `outer` or lies inside it. Both are clean absolute paths. */
export function isWithin(inner: string, outer: string): boolean {
  if (!inner.startsWith(outer)) return false
  return inner.length === outer.length || outer === '/' || inner.charAt(outer.length) === '/'
}

/** Parts after slashes. No part is empty, `.` or `..`, or has a colon. */
const CLEAN = /^(?:\/(?!\.{1,2}(?:\/|$))[^/:]+)+$/

/** The path without empty or `.` segments and without a trailing slash, made absolute. `..` stays. */
export function cleanPath(path: string): string {
  const absolute = path.startsWith('/') ? path : `/${path}`
  // Most paths are clean already.
  if (CLEAN.test(absolute)) return absolute
  const segments = path.split('/').filter(segment => segment !== '' && segment !== '.')
  return `/${segments.join('/')}`
}

const unprintable = new RegExp(UNPRINTABLE, 'u')

/** Linux: NAME_MAX. */
const MAX_PART_BYTES = 255

/** Whether every part of a path can be a folder name that people can read. */
export function isNameable(path: string): boolean {
  return !unprintable.test(path) && path.split('/').every(part => Buffer.byteLength(part) <= MAX_PART_BYTES)
}

/** Whether a path is absolute and clean, so that a place has only one spelling. `/` itself is not. */
export function isCleanMountPath(path: string): boolean {
  return CLEAN.test(path) && isNameable(path)
}

/** The reserved path that a mount at `path` would cover or lie inside; undefined if there is none. */
export function reservedPath(path: string): string | undefined {
  return (
    SYSTEM_PATHS.find(reserved => isWithin(reserved, path)) ??
    SEALED_PATHS.find(sealed => isWithin(path, sealed)) ??
    credentialFolder.exec(path)?.[1]?.replace(/^/, '~/.')
  )
}
