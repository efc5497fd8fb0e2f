/** Paths that a mount may not cover: neither at them nor above them. */
export const SYSTEM_PATHS = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/lib',
  '/lib64',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  '/tmp',
  '/usr',
  '/var',
  '/run/secrets/kubernetes.io/serviceaccount',
  '/var/run/secrets/kubernetes.io/serviceaccount',
] as const

/** Paths that a mount may not lie inside either: the kernel's, and the service account token's. */
export const SEALED_PATHS = [
  '/dev',
  '/proc',
  '/sys',
  // In most images /var/run is a link to /run.
  '/run/secrets/kubernetes.io/serviceaccount',
  '/var/run/secrets/kubernetes.io/serviceaccount',
] as const

/** True when `inner` is `outer` or lies inside it. Both are clean absolute paths. */
export function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`)
}

/**
 * A path without empty or `.` segments and without a trailing slash, absolute even if it was not. `..` is kept.
 */
export function cleanPath(path: string): string {
  const segments = path.split('/').filter(segment => segment !== '' && segment !== '.')
  return `/${segments.join('/')}`
}

/** Whether a path is absolute and clean, so that two spellings never mean one place. `/` itself is not. */
export function isCleanMountPath(path: string): boolean {
  return path.length > 1 && cleanPath(path) === path && !path.split('/').includes('..') && !path.includes(':')
}

/** The reserved path that a mount at `path` would cover or lie inside, if there is one. */
export function reservedPath(path: string): string | undefined {
  return (
    SYSTEM_PATHS.find(reserved => isWithin(reserved, path)) ??
    SEALED_PATHS.find(sealed => isWithin(path, sealed))
  )
}
