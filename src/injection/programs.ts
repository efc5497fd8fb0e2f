import type { Container } from '../api/kubernetes/pod.ts'
import { behindOptions, isShell } from './shell.ts'

/** A program that a container runs. */
export interface Program {
  /** Without its folder. */
  program: string
  /** MODULE in `python -m MODULE`. */
  module?: string | undefined
  /** The next word. */
  next: string | undefined
}

const PYTHON = /^python[\d.]*$/
const ASSIGNMENT = /^[A-Za-z_]\w*=/

/** Shell keywords, and programs that only run another one. */
const RUNNERS = new Set([
  ...['exec', 'eval', 'nohup', 'time', 'then', 'do', 'else', 'if', 'while', '!', '--'],
  ...['env', 'sudo', 'nice', 'ionice', 'numactl', 'taskset', 'stdbuf', 'setsid', 'timeout', 'chrt'],
  ...['tini', 'dumb-init', 'catatonit', 's6-setuidgid', 'gosu', 'su-exec'],
  ...['mpirun', 'mpiexec', 'srun', 'trtllm-llmapi-launch', 'opentelemetry-instrument', 'nsys'],
])

/** Nobody writes a longer script by hand. */
const MAX_SCRIPT = 131_072
const MAX_COMMANDS = 1_000

/** No command line has more words before its program. */
const MAX_WORDS = 64

/**
 * The programs that the command line of a container runs, as far as we can see: its first word; what follows
 * a program that only runs another one; and the same for each command of a shell script. A path or a host
 * name among the arguments is not a program. Takes linear time.
 */
export function programsOf({ command, args }: Pick<Container, 'command' | 'args'>): Program[] {
  const words = [...(command ?? []), ...(args ?? [])]
  return programsIn(words, (line, at) => commandsOf(line.slice(at)).flatMap(inner => programsIn(inner)))
}

/**
 * The programs of one command. If the command is a shell, `ofScript` handles the script. Without `ofScript`
 * the words already come from a script, and the shell counts as one more program that runs another one.
 */
function programsIn(
  words: readonly string[],
  ofScript?: (words: readonly string[], at: number) => Program[],
): Program[] {
  const line = words.slice(0, MAX_WORDS)
  // If Python is the entrypoint of the image, its args may be just `-m MODULE`.
  if (line[0] === '-m') return [{ program: 'python', module: line[1], next: line[1] }]
  const programs: Program[] = []
  // We do not know which options of such a program take a value, so each following word may be the program
  // that it runs.
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
    // A script before a command usually prepares something and then runs the command.
    if (!isAny && !program.endsWith('.sh')) break
  }
  return programs
}

function programOf(program: string, rest: readonly string[]): Program[] {
  if (PYTHON.test(program)) return ofPython(rest)
  return program.startsWith('-') ? [] : [{ program, next: rest[0] }]
}

/** Splits at command separators and white space, and ignores quotes. This is a guess. */
function commandsOf(script: readonly string[]): string[][] {
  const text = script
    .join(' ')
    .slice(0, MAX_SCRIPT)
    .replaceAll(/\\\r?\n/g, ' ')
    .replaceAll(/["']/g, ' ')
  const commands = text.split(/[;&|\n(){}`]+/, MAX_COMMANDS)
  return commands.map(command => command.split(/\s+/).filter(word => word !== ''))
}

/** `python -m MODULE` or `python FILE`, with or without options before it. */
function ofPython(words: readonly string[]): Program[] {
  const at = words.findIndex(word => word === '-m' || !word.startsWith('-'))
  const [word, next] = at === -1 ? [] : words.slice(at)
  if (word === undefined) return []
  return word === '-m' ? [{ program: 'python', module: next, next }] : [{ program: baseOf(word), next }]
}

function baseOf(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1)
}
