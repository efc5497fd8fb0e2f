import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'

export interface Measured {
  seconds: number
  /** The most memory of all its processes together. */
  mib: number
}

const LOOK_MS = 50

/** Runs a command to its end. It fails if the command does. */
export async function measured(command: string, args: readonly string[]): Promise<Measured> {
  const began = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  let mib = 0
  const look = setInterval(() => {
    mib = Math.max(mib, memoryBelow(child.pid ?? 0))
  }, LOOK_MS)
  const code = await new Promise(resolve => child.on('close', resolve))
  clearInterval(look)
  if (code !== 0) throw new Error(`${command} ${args.join(' ').slice(0, 500)} ended with ${code}`)
  return { seconds: (performance.now() - began) / 1000, mib }
}

/** MiB that a process and those that it started have in memory. */
function memoryBelow(pid: number): number {
  const children = globSync(`/proc/${pid}/task/*/children`).flatMap(path =>
    textOf(path).split(' ').filter(Boolean),
  )
  const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) / 1024
  return children.reduce((sum, child) => sum + memoryBelow(Number(child)), own)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process has ended.
    return ''
  }
}
