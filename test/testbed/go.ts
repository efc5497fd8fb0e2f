import { tmpdir } from 'node:os'
import type { BuildPlan } from './build-plan.ts'
import { outputOf, runCommand } from './command.ts'
import { startChild, tailOf } from './process.ts'

// A go.work in a parent folder must not decide which sources are built.
const GO_ENV = { CGO_ENABLED: '0', GOWORK: 'off' }

/** Fails with advice unless the `go` on PATH has at least this version. */
export async function requireGo(wanted: string): Promise<void> {
  const need = `building the test bed's Kubernetes needs Go ${wanted} or newer (https://go.dev/dl/)`
  // GOTOOLCHAIN and the folder keep an old go from reporting the version that it would download.
  const env = { ...process.env, GOTOOLCHAIN: 'local' }
  const result = await runCommand('go', ['env', 'GOVERSION'], { env, cwd: tmpdir() })
  if (result.code === -1) throw new Error(`${need}; there is no 'go' on PATH`)
  const found = result.stdout.trim().replace(/^go/, '')
  if (result.code !== 0 || isOlder(found, wanted)) {
    throw new Error(`${need}; the 'go' on PATH is ${found || 'older'}`)
  }
}

/** Compares versions such as 1.26.0 and 1.27rc1 by their numbers. */
export function isOlder(found: string, wanted: string): boolean {
  const [left, right] = [numbersOf(found), numbersOf(wanted)]
  for (const [index, number] of right.entries()) {
    const other = left[index] ?? 0
    if (other !== number) return other < number
  }
  return false
}

function numbersOf(version: string): number[] {
  return version.split('.').map(part => Number.parseInt(part, 10) || 0)
}

export interface GoBuildRequest {
  plan: BuildPlan
  goPackage: string
  output: string
  logPath: string
}

/** Builds one package into an executable. The error of a failed build shows the end of go's output. */
export async function goBuild({ plan, goPackage, output, logPath }: GoBuildRequest): Promise<void> {
  const build = startChild({
    name: 'go build',
    command: 'go',
    // Two at once: linking one Kubernetes binary takes more than a gigabyte.
    args: ['build', '-p', '2', ...plan.flags, '-o', output, goPackage],
    cwd: plan.moduleDir,
    env: { ...process.env, ...GO_ENV },
    logPath,
  })
  const how = await build.ended
  if (how !== 'exit code 0') {
    throw new Error(`building ${goPackage} failed (${how})\n${await tailOf(logPath)}`)
  }
}

/** The folder of a module's sources in Go's module cache. */
export async function goModuleDir(plan: BuildPlan, module: string): Promise<string> {
  const env = { ...process.env, ...GO_ENV }
  const args = ['list', '-m', '-f', '{{.Dir}}', module]
  const result = await runCommand('go', args, { cwd: plan.moduleDir, env })
  return outputOf(result, `finding the sources of ${module}`).trim()
}
