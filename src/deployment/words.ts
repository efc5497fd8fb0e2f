/** The command line of a container. */
export interface Words {
  command?: readonly string[] | undefined
  args?: readonly string[] | undefined
}

/** The flag in a word, `_` written as `-`, such as `--model` of `--model=a`; empty if it is none. */
export function flagOf(word: string): string {
  return word.startsWith('-') ? (word.split('=', 1)[0] ?? '').replaceAll('_', '-') : ''
}

/** Adds the flags that the author has not set. */
export function withFlags({ command, args = [] }: Words, flags: readonly string[]): Words {
  const set = new Set([...(command ?? []), ...args].map(flagOf))
  return { ...(command && { command }), args: [...args, ...flags.filter(flag => !set.has(flagOf(flag)))] }
}
