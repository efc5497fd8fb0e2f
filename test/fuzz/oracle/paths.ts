/** Where containers need their own files: no mount at them, nor above them. */
const NEEDED = [
  '/bin /boot /dev /etc /home /lib /lib32 /lib64 /libx32 /opt /proc /root /run /sbin /sys /tmp /usr /var',
  '/usr/bin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/libx32 /usr/sbin',
  '/run/secrets/kubernetes.io/serviceaccount /var/run/secrets/kubernetes.io/serviceaccount',
].flatMap(line => line.split(' '))

/** Where a mount may not lie inside either. */
const SEALED = [
  '/bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /proc /sbin /sys',
  '/usr/bin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/libx32 /usr/sbin',
  '/run/secrets/kubernetes.io/serviceaccount /var/run/secrets/kubernetes.io/serviceaccount',
].flatMap(line => line.split(' '))

/** The parts of a path as a container sees it: without empty and `.` ones, each `..` taking one back. */
export function parts(path: string): string[] {
  const found: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') found.pop()
    else if (part !== '' && part !== '.') found.push(part)
  }
  return found
}

/** Whether two places are the same, or one lies inside the other. */
export function meet(one: string, other: string): boolean {
  const [a, b] = [parts(one), parts(other)]
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.every((part, index) => long[index] === part)
}

export function samePlace(one: string, other: string): boolean {
  return meet(one, other) && parts(one).length === parts(other).length
}

/** Whether two folders of a volume are the same; `..` stays, since nobody may climb out of a volume. */
export function sameFolder(one: string, other: string): boolean {
  const plain = (path: string) => path.split('/').filter(part => part !== '' && part !== '.')
  return plain(one).join('/') === plain(other).join('/')
}

/** No control, formatting or private characters, no separators of lines; each part a name that a file system takes. */
export function isShown(path: string): boolean {
  const isHidden = [...path].some(c => /\p{Cc}|\p{Cf}|\p{Co}|\p{Zl}|\p{Zp}/u.test(c))
  return !isHidden && path.split('/').every(part => Buffer.byteLength(part) <= 255)
}

/** DESIGN: absolute, clean, not `/`. A colon would be read as a separator by container runtimes. */
export function isCleanPath(path: string): boolean {
  if (!path.startsWith('/') || path === '/' || path.includes(':') || !isShown(path)) return false
  return path
    .slice(1)
    .split('/')
    .every(part => part !== '' && part !== '.' && part !== '..')
}

/** Whether a clean path is at or above something that containers need, or inside something sealed. */
export function isReservedPath(path: string): boolean {
  const atOrAbove = NEEDED.some(needed => `${needed}/`.startsWith(`${path}/`))
  return atOrAbove || SEALED.some(sealed => path.startsWith(`${sealed}/`))
}
