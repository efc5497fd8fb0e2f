import type { Container } from '../api/kubernetes/pod.ts'
import { behindOptions, isShell } from './shell.ts'

/** A program that a container runs. */
export interface Program {
  /** Without its folder. */
  program: string
  /** Of `python -m MODULE`. */
  module?: string | undefined
  /** The word that follows. */
  next: string | undefined
}

const PYTHON = /^python[\d.]*$/
const ASSIGNMENT = /^[A-Za-z_]\w*=/

/** Words of a shell, and programs that do nothing but run another one. */
const RUNNERS = new Set([
  ...['exec', 'eval', 'nohup', 'time', 'then', 'do', 'else', 'if', 'while', '!', '--'],
  ...['env', 'sudo', 'nice', 'ionice', 'numactl', 'taskset', 'stdbuf', 'setsid', 'timeout', 'chrt'],
  ...['tini', 'dumb-init', 'catatonit', 's6-setuidgid', 'gosu', 'su-exec'],
  ...['mpirun', 'mpiexec', 'srun', 'trtllm-llmapi-launch', 'opentelemetry-instrument', 'nsys'],
])

/** No person writes a longer script. */
const MAX_SCRIPT = 131_072
const MAX_COMMANDS = 1_000

/** No command line has more words before its program. */
const MAX_WORDS = 64

/**
 * The programs that the command line of a container runs, as far as it can be seen: its first word, what stands
 * behind one that only runs another program, and of a shell script the same of each of its commands. A path or a name
 * of a host among the arguments is no program. It takes linear time.
 */
export function programsOf({ command, args }: Container): Program[] {
  const words = [...(command ?? []), ...(args ?? [])]
  return programsIn(words, (line, at) => commandsOf(line.slice(at)).flatMap(inner => programsIn(inner)))
}

/**
 * Of one command. `ofScript` takes the rest of the line where it is the script of a shell; without it, the words are
 * a part of a script already, and the shell is one more program that runs another one.
 */
function programsIn(
  words: readonly string[],
  ofScript?: (words: readonly string[], at: number) => Program[],
): Program[] {
  const line = words.slice(0, MAX_WORDS)
  // An image that runs Python may get no more than this.
  if (line[0] === '-m') return [{ program: 'python', module: line[1], next: line[1] }]
  const programs: Program[] = []
  // Which options of a program that runs another one take a value is not known, so each word behind it may be the
  // other one.
  let isAny = false
  let at = line.findIndex(word => !ASSIGNMENT.test(word))
  while (at !== -1 && at < line.length) {
    const program = baseOf(line[at] ?? '')
    at += 1
    if (isShell(program)) {
      const behind = behindOptions(line, at)
      if (behind.isScript && ofScript) return [...programs, ...ofScript(words, behind.at)]
      at = behind.at
      continue
    }
    if (RUNNERS.has(program)) isAny = true
    else programs.push(...programOf(program, line.slice(at)))
    // A script before a command mostly prepares something and runs it.
    if (!isAny && !program.endsWith('.sh')) break
  }
  return programs
}

function programOf(program: string, rest: readonly string[]): Program[] {
  if (PYTHON.test(program)) return ofPython(rest)
  return program.startsWith('-') ? [] : [{ program, next: rest[0] }]
}

/** Split by what separates commands, and by white space, with no regard to quotes: a guess. */
function commandsOf(script: readonly string[]): string[][] {
  const text = script
    .join(' ')
    .slice(0, MAX_SCRIPT)
    .replaceAll(/\\\r?\n/g, ' ')
    .replaceAll(/["']/g, ' ')
  const commands = text.split(/[;&|\n(){}`]+/, MAX_COMMANDS)
  return commands.map(command => command.split(/\s+/).filter(word => word !== ''))
}

/** `python -m MODULE`, or `python FILE`; options may come before. */
function ofPython(words: readonly string[]): Program[] {
  const at = words.findIndex(word => word === '-m' || !word.startsWith('-'))
  const [word, next] = at === -1 ? [] : words.slice(at)
  if (word === undefined) return []
  return word === '-m' ? [{ program: 'python', module: next, next }] : [{ program: baseOf(word), next }]
}

function baseOf(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1)
}
