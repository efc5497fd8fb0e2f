const SHELL = /^(ba|da|a|z|k)?sh$/

/** Whether a program, given without its folder, is a shell. */
export function isShell(program: string): boolean {
  return SHELL.test(program)
}

/**
 * The index of the script or the file of a shell: `sh -c SCRIPT`, `bash -euo pipefail -c SCRIPT`, `sh FILE`.
 * `start` is the index after the shell.
 */
export function behindOptions(line: readonly string[], start: number): { at: number; isScript: boolean } {
  let at = start
  let isScript = false
  for (let word = line[at]; word !== undefined && /^[-+]./.test(word); word = line[at]) {
    if (/^-[a-z]*c/.test(word)) isScript = true
    at += /^[-+][a-z]*o$/.test(word) ? 2 : 1
  }
  return { at, isScript }
}
