import { REASONS } from './reasons.ts'

/** docs/reasons.md: what each reason means and what to do about it. */
export function reasonsMarkdown(): string {
  const sections = Object.entries(REASONS).map(
    ([reason, { when, example, fix }]) =>
      `## ${reason}\n\n${when}\n\n    ${reason}: ${example}\n\n**What to do.** ${fix}\n`,
  )
  return `<!-- Generated from src/api/reasons.ts by: npm run generate -->

# Reasons

Every denial and every warning begins with one of these words. It is also in \`status.details.causes\` with the path of the field, in the audit
annotation \`reason\` of the webhook, and a label of the metric \`modelcache_admission_reviews_total\`.

${sections.join('\n')}`
}
