const COLUMNS = 120

/** A page that says where it comes from. */
export function page(source: string, title: string, parts: readonly string[]): string {
  return `<!-- Generated from ${source} by: npm run generate -->\n\n# ${title}\n\n${parts.map(part => part.trimEnd()).join('\n\n')}\n`
}

/** A table. Bars in cells are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** An indented block, unchanged. */
export function block(lines: readonly string[]): string {
  return lines.map(line => `    ${line}`).join('\n')
}

/** The text in lines of at most 120 columns, broken at spaces. */
export function wrapped(text: string): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > COLUMNS) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join('\n')
}
