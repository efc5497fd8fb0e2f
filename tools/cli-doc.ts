import type { Command } from '../src/commands/command.ts'
import { controller } from '../src/commands/controller.ts'
import { hydrate } from '../src/commands/hydrate.ts'
import { review } from '../src/commands/review.ts'
import { webhook } from '../src/commands/webhook.ts'
import { block, page, wrapped } from './markdown.ts'

const INTRODUCTION =
  'One binary has every role: `modelcache ROLE [options]`. It exits with 0 when its work is done, with 1 when that failed, and with 2 for a command line that it does not understand; hydrate and review say below what else they exit with. This is what `--help` prints.'

/** docs/cli.md: what each role prints for `--help`. */
export function cliMarkdown(): string {
  const roles: Record<string, Command> = { webhook, controller, hydrate, review }
  const sections = Object.entries(roles).flatMap(([role, { help }]) => [
    `## modelcache ${role}`,
    block(help.trimEnd().split('\n')).replaceAll(/ +$/gm, ''),
  ])
  return page('src/commands/', 'Command line', [wrapped(INTRODUCTION), ...sections])
}
