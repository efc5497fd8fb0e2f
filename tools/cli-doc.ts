import type { Command } from '../src/commands/command.ts'
import { controller } from '../src/commands/controller.ts'
import { hydrate } from '../src/commands/hydrate.ts'
import { review } from '../src/commands/review.ts'
import { verify } from '../src/commands/verify.ts'
import { webhook } from '../src/commands/webhook.ts'
import { block, page, wrapped } from './markdown.ts'

const INTRODUCTION =
  'One binary has every role: `modelcache ROLE [options]`. The exit code is 0 when the work is done, 1 if it failed, and 2 for a wrong command line. hydrate, verify and review have more exit codes, see below. This is what `--help` prints.'

/** docs/cli.md: what each role prints for `--help`. */
export function cliMarkdown(): string {
  const roles: Record<string, Command> = { webhook, controller, hydrate, verify, review }
  const sections = Object.entries(roles).flatMap(([role, { help }]) => [
    `## modelcache ${role}`,
    block(help.trimEnd().split('\n')).replaceAll(/ +$/gm, ''),
  ])
  return page('src/commands/', 'Command line', [wrapped(INTRODUCTION), ...sections])
}
