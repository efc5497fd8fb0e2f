import type { Container } from '../api/pod.ts'

/** A program that a container runs. */
export interface Program {
  /** Without its folder. */
  program: string
  /** Of `python -m MODULE`. */
  module?: string | undefined
  /** The word that follows. */
  next: string | undefined
}

const SHELL = /^(ba|da|a|z|k)?sh$/
const PYTHON = /^python[\d.]*$/
const ASSIGNMENT = /^[A-Za-z_]\w*=/

/** Words of a shell, and programs that do nothing but run another one. */
const RUNNERS = new Set([
  ...['exec', 'eval', 'nohup', 'time', 'then', 'do', 'else', 'if', 'while', '!', '--'],
  ...['env', 'sudo', 'nice', 'ionice', 'numactl', 'taskset', 'stdbuf', 'setsid', 'timeout', 'chrt'],
  ...['tini', 'dumb-init', 'catatonit', 's6-setuidgid', 'gosu', 'su-exec'],
  ...['mpirun', 'mpiexec', 'srun', 'trtllm-llmapi-launch', 'opentelemetry-instrument', 'nsys'],
])

/** No command line has more words before its program, and no script that a person wrote more characters. */
const MAX_WORDS = 64
const MAX_SCRIPT = 65_536

/**
 * The programs that the command line of a container runs, as far as it can be seen: its first word, what stands behind one that only runs
 * another program, and of a shell script the same of each of its commands. A path or a name of a host among the arguments is no program.
 */
export function programsOf({ command, args }: Container): Program[] {
  return programsIn([...(command ?? []), ...(args ?? [])])
}

function programsIn(words: readonly string[]): Program[] {
  const line = words.slice(0, MAX_WORDS)
  // An image that runs Python may get no more than this.
  if (line[0] === '-m') return [{ program: 'python', module: line[1], next: line[1] }]
  const first = line.findIndex(word => !ASSIGNMENT.test(word))
  if (first === -1) return []
  if (!RUNNERS.has(baseOf(line[first] ?? ''))) return programAt(line, first)
  // Which of its options take a value is not known, so each word behind it may be the program.
  return line.flatMap((_, index) => (index > first ? programAt(line, index) : []))
}

function programAt(line: readonly string[], index: number): Program[] {
  const program = baseOf(line[index] ?? '')
  const rest = line.slice(index + 1)
  if (SHELL.test(program)) return ofShell(rest)
  if (PYTHON.test(program)) return ofPython(rest)
  if (program.startsWith('-')) return []
  const itself = { program, next: rest[0] }
  // A script before a command mostly prepares something and runs it.
  return program.endsWith('.sh') ? [itself, ...programAt(line, index + 1)] : [itself]
}

/** `sh -c SCRIPT`, or `sh FILE`. */
function ofShell(words: readonly string[]): Program[] {
  const [option = '', ...rest] = words
  return /^-[a-z]*c$/.test(option) ? ofScript(rest.join(' ')) : [{ program: baseOf(option), next: rest[0] }]
}

/** Split by what separates commands, and by white space, with no regard to quotes: a guess, in linear time. */
function ofScript(script: string): Program[] {
  const text = script
    .slice(0, MAX_SCRIPT)
    .replaceAll(/\\\r?\n/g, ' ')
    .replaceAll(/["']/g, ' ')
  const commands = text.split(/[;&|\n(){}`]+/)
  return commands.flatMap(command => programsIn(command.split(/\s+/).filter(word => word !== '')))
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
