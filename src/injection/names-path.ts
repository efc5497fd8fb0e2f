import type { Container } from '../api/kubernetes/pod.ts'

/**
 * Whether the command line or the environment of a container names the path of a mount, or something below
 * it.
 */
export function namesPath({ command, args, env }: Container, mountPaths: readonly string[]): boolean {
  const texts = [...(command ?? []), ...(args ?? []), ...(env ?? []).map(({ value }) => value ?? '')]
  return texts.some(text => mountPaths.some(path => hasPath(text, path)))
}

function hasPath(text: string, path: string): boolean {
  for (let at = text.indexOf(path); at !== -1; at = text.indexOf(path, at + 1)) {
    // `/data/mnt/model` and `/mnt/model-2` are other paths.
    if (!/[\w./-]/.test(text.charAt(at - 1)) && !/[\w.-]/.test(text.charAt(at + path.length))) return true
  }
  return false
}
