import { REASONS, type Reason } from '../src/api/reasons.ts'
import { STATUS_REASONS } from '../src/api/status-reasons.ts'

const COLUMNS = 120

/** An example of a reason: where it is, and what kubectl prints for it, line by line, after the command itself. */
export interface Quote {
  folder: string
  lines: readonly string[]
}

const INTRODUCTION =
  'Every denial and every warning begins with one of these words. It is also in `status.details.causes` with the path of the field, in the audit annotation `reason` of the webhook, and a label of the metric `modelcache_admission_reviews_total`. What kubectl prints is quoted from the [examples](../examples/README.md), and wrapped as there. The reasons of [status](#reasons-of-status) stand at the end.'

/** docs/reasons.md: what each reason means, how kubectl tells it, and what to do about it. */
export function reasonsMarkdown(quotesOf: (reason: Reason) => readonly Quote[]): string {
  const sections = Object.entries(REASONS).map(([name, { when, fix, ...text }]) => {
    const reason = name as Reason
    const quotes = quotesOf(reason).map(
      ({ folder, lines }) => `${block(lines)}\n\n[${folder}](../${folder}/)\n`,
    )
    const message = 'example' in text ? [`${block([`${reason}: ${text.example}`])}\n`] : []
    return `## ${reason}\n\n${wrapped(when)}\n\n${[...quotes, ...message].join('\n')}\n${wrapped(`**What to do.** ${fix}`)}\n`
  })
  return `<!-- Generated from src/api/reasons.ts, src/api/status-reasons.ts and examples/ by: npm run generate -->

# Reasons

${wrapped(INTRODUCTION)}

${sections.join('\n')}
# Reasons of status

${wrapped('The condition Ready of a ModelCache has one of these, and its message says what was found: `kubectl describe modelcache`.')}

${statusReasons()}`
}

function statusReasons(): string {
  return Object.entries(STATUS_REASONS)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([reason, { when, fix }]) =>
        `## Status ${reason}\n\n${wrapped(when)}\n\n${wrapped(`**What to do.** ${fix}`)}\n`,
    )
    .join('\n')
}

function block(lines: readonly string[]): string {
  return lines.map(line => `    ${line}`).join('\n')
}

/** The text in lines of at most 120 columns, broken at spaces. */
function wrapped(text: string): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > COLUMNS) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join('\n')
}
