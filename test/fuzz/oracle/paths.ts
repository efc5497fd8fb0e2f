/** Paths that containers need. No mount may be at them or above them. */
const NEEDED = [
  '/bin /boot /dev /etc /home /lib /lib32 /lib64 /libx32 /opt /proc /root /run /sbin /sys /tmp /usr /var',
  '/usr/bin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/libx32 /usr/sbin',
  '/usr/local/bin /usr/local/etc /usr/local/lib /usr/local/lib64 /usr/local/libexec /usr/local/sbin',
  '/run/secrets /var/run/secrets /vault/secrets',
].flatMap(line => line.split(' '))

/** Paths that a mount may not lie inside either. */
const SEALED = [
  '/bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /proc /sbin /sys',
  '/usr/bin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/libx32 /usr/sbin',
  '/usr/local/bin /usr/local/etc /usr/local/lib /usr/local/lib64 /usr/local/libexec /usr/local/sbin',
  '/run/secrets /var/run/secrets /vault/secrets',
].flatMap(line => line.split(' '))

/** The parts of a path as a container sees it, without empty and `.` parts. Each `..` removes one. */
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

/** Whether two folders of a volume are the same. `..` stays, because nobody may climb out of a volume. */
export function sameFolder(one: string, other: string): boolean {
  const plain = (path: string) => path.split('/').filter(part => part !== '' && part !== '.')
  return plain(one).join('/') === plain(other).join('/')
}

/** Ranges of characters without a shape, although Unicode calls them letters, marks or unassigned. */
const SHAPELESS = [
  [0x034f, 0x034f],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfff8],
  [0xe0000, 0xe0fff],
] as const

/**
 * Whether a text has something invisible: controls, formatting, private use, line separators, and characters
 * without a shape.
 */
export function hasHidden(text: string): boolean {
  return [...text].some(c => {
    const code = c.codePointAt(0) ?? 0
    return (
      /\p{Cc}|\p{Cf}|\p{Co}|\p{Zl}|\p{Zp}/u.test(c) ||
      SHAPELESS.some(([from, to]) => code >= from && code <= to)
    )
  })
}

/**
 * No control, formatting or private characters, no line separators. A file system accepts each part as a
 * name.
 */
export function isShown(path: string): boolean {
  return !hasHidden(path) && path.split('/').every(part => Buffer.byteLength(part) <= 255)
}

/** DESIGN: absolute, clean, not `/`. Container runtimes would read a colon as a separator. */
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
  return atOrAbove || SEALED.some(sealed => path.startsWith(`${sealed}/`)) || isCredentialFolder(path)
}

/** Folders in a home directory that hold logins. */
function isCredentialFolder(path: string): boolean {
  const named = path.split('/')
  return named.some(
    (part, index) =>
      ['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker'].includes(part) ||
      (part === '.config' && named[index + 1] === 'gcloud'),
  )
}
