import { readState } from './state.ts'

/** Prints the lines that make a shell use the test bed, for `eval`. Nothing else goes to stdout. */
export function printEnv(): number {
  const endpoints = readState()?.endpoints
  if (endpoints === undefined) {
    console.error('no test bed is up; start one with: npm run testbed -- up')
    return 1
  }
  console.log(`export KUBECONFIG=${shellQuoted(endpoints.kubeconfig)}`)
  console.log(`export PATH=${shellQuoted(endpoints.binDir)}:"$PATH"`)
  return 0
}

/** One word for a POSIX shell, for any text. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
