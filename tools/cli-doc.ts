import { roleOf, SERVICES, TOOLS } from '../src/commands/roles.ts'
import { block, page, wrapped } from './markdown.ts'

const INTRODUCTION =
  'One binary has every role: `modelcache ROLE [options]`. Those for people are also a plugin of kubectl: `kubectl modelcache ROLE [options]`. The exit code is 0 when the work is done, 1 if it failed, and 2 for a wrong command line; the pages of some roles say more. This is what `--help` prints.'

/** docs/cli.md: what each role prints for `--help`. */
export async function cliMarkdown(): Promise<string> {
  const names = [...Object.keys(TOOLS), ...Object.keys(SERVICES)]
  const sections = await Promise.all(names.map(sectionOf))
  return page('src/commands/', 'Command line', [wrapped(INTRODUCTION), ...sections.flat()])
}

async function sectionOf(name: string): Promise<string[]> {
  const { help = '' } = (await roleOf(name)?.load()) ?? {}
  return [`## modelcache ${name}`, block(help.trimEnd().split('\n')).replaceAll(/ +$/gm, '')]
}
