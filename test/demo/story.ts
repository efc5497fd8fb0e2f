import type { CommandResult } from '../testbed/command.ts'
import { waitUntil } from '../testbed/wait.ts'

/** Colors on a terminal, plain text elsewhere. */
function style(code: number): (text: string) => string {
  const coloured = process.stdout.isTTY && !process.env.NO_COLOR
  return text => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text)
}
const bold = style(1)
const dim = style(2)
const red = style(31)
const green = style(32)

/** What a step of the story can do: show a command and its output, and check its claims. */
export interface Telling {
  /**
   * Runs kubectl with a command line of words without spaces, prints the command and its output, and returns
   * the result.
   */
  show(line: string): Promise<CommandResult>
  /** The same for `modelcache`. */
  modelcache(line: string): Promise<CommandResult>
  /** Prints a line of plain words. */
  say(text: string): void
  /** Fails the step unless the condition holds. */
  check(what: string, holds: boolean): void
  /** Runs kubectl until the check passes. Only the last output is printed. */
  until(what: string, line: string, content: (result: CommandResult) => boolean): Promise<CommandResult>
}

export interface Step {
  title: string
  tell(telling: Telling): Promise<void>
}

const PATIENCE_MS = 120_000
const POLL_MS = 300

/** Runs the steps in order, and returns how many held their claims. A failed step ends the story. */
export async function tellStory(
  steps: readonly Step[],
  { kubectl, modelcache }: Record<'kubectl' | 'modelcache', (args: string[]) => Promise<CommandResult>>,
): Promise<number> {
  const print = (text: string) => process.stdout.write(`${text}\n`)
  const shown = async (command: string, run: typeof kubectl, line: string) => {
    const args = line.split(' ')
    print(dim(`  $ ${command} ${args.map(quote).join(' ')}`))
    const result = await run(args)
    for (const line of `${result.stdout}${result.stderr}`.trimEnd().split('\n')) print(`    ${line}`)
    return result
  }
  const telling: Telling = {
    say: text => print(`  ${text}`),
    show: line => shown('kubectl', kubectl, line),
    modelcache: line => shown('modelcache', modelcache, line),
    check(what, holds) {
      print(holds ? green(`  ✓ ${what}`) : red(`  ✗ ${what}`))
      if (!holds) throw new Error(what)
    },
    async until(what, line, content) {
      let last: CommandResult = { code: -1, stdout: '', stderr: '' }
      await waitUntil({
        what,
        timeoutMs: PATIENCE_MS,
        intervalMs: POLL_MS,
        probe: async () => {
          last = await kubectl(line.split(' '))
          return content(last) ? undefined : `the last answer was: ${last.stdout}${last.stderr}`
        },
      })
      return last
    },
  }
  let passed = 0
  for (const [index, step] of steps.entries()) {
    print(`\n${bold(`${index + 1}. ${step.title}`)}`)
    try {
      await step.tell(telling)
      passed++
    } catch (error) {
      print(red(`  failed: ${error instanceof Error ? error.message : error}`))
      break
    }
  }
  return passed
}

function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`
}
