import type { Container } from '../api/kubernetes/pod.ts'

/** We look at this many characters of command lines and environments in a pod. Nobody writes more. */
const MAX_TEXT = 131_072

/**
 * The containers of a pod, shortened for guesses: each gets a share of the characters that fit, so that a pod
 * of any size is decided in time. Containers that fit stay as they are.
 */
export function shortened(containers: readonly Container[]): readonly Container[] {
  const share = Math.floor(MAX_TEXT / Math.max(containers.length, 1))
  return containers.map(container => (sizeOf(container) <= share ? container : cut(container, share)))
}

function sizeOf({ command, args, env }: Container): number {
  let size = 0
  for (const word of command ?? []) size += word.length
  for (const word of args ?? []) size += word.length
  for (const { value } of env ?? []) size += value?.length ?? 0
  return size
}

function cut(container: Container, share: number): Container {
  let left = share
  const part = (text: string) => {
    const kept = text.slice(0, left)
    left -= kept.length
    return kept
  }
  return {
    ...container,
    command: container.command?.map(part),
    args: container.args?.map(part),
    env: container.env?.map(entry => ({ ...entry, value: part(entry.value ?? '') })),
  }
}
