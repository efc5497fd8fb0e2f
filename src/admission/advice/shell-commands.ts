/**
 * Shell syntax that makes a script more than a list of simple commands. Then its words are not what runs, or
 * not in that order.
 */
const BEYOND_US = /`|<<|\$\(|(^|[\s;&|({])(eval|cd|set|source|if|for|while|case|function|alias)\s|"?\$[@*]/

/** Nobody writes a longer script by hand. */
const MAX_SCRIPT = 131_072

/** What ends a command, and words with their quotes. */
const TOKENS = /[;&|\n]+|(?:"[^"]*"|'[^']*'|[^\s;&|"'])+/g
const SEPARATORS = ';&|\n'
const QUOTES = /["']/

const SKIPPED = /^(exec|nohup|[A-Za-z_]\w*=.*)$/

/**
 * The simple commands of a shell script, as words without quotes. Variables stay as they are written. Empty
 * if only a real shell could understand the script.
 */
export function shellCommands(script: string): string[][] {
  if (script.length > MAX_SCRIPT) return []
  // Kubernetes replaces its own $(NAME) before the shell sees it. The result is a plain value.
  const text = script.replaceAll(/\\\s*\n/g, ' ').replaceAll(/\$\(([A-Za-z_]\w*)\)/g, '$$$1')
  if (BEYOND_US.test(text)) return []
  let words: string[] = []
  const commands = [words]
  for (const token of text.match(TOKENS) ?? []) {
    if (SEPARATORS.includes(token.charAt(0))) {
      words = []
      commands.push(words)
    } else words.push(QUOTES.test(token) ? token.replaceAll(/["']/g, '') : token)
  }
  return commands.map(each => each.slice(each.findIndex(word => !SKIPPED.test(word))))
}
