import { printable, printableJson } from '../api/schema/text.ts'
import { additionLines } from './additions.ts'
import type { Reviewed, Verdict } from './verdict.ts'

/** Colors a text for a terminal, or leaves it as it is. */
export type Paint = (colour: 'green' | 'yellow' | 'red' | 'bold', text: string) => string

const COLOURS = { admitted: 'green', warned: 'yellow', denied: 'red' } as const

/** For people: each object with its findings and with what would be injected, and a summary at the end. */
export function renderText(results: readonly Reviewed[], paint: Paint): string {
  return `${[...results.flatMap(result => textOf(result, paint)), summary(results)].join('\n')}\n`
}

function textOf({ manifest, verdict, findings, patch }: Reviewed, paint: Paint): string[] {
  const { file, line, kind, namespace, name, object } = manifest
  const subject = paint('bold', printable(`${file}:${line} ${kind} ${namespace}/${name}`))
  return [
    `${subject}: ${paint(COLOURS[verdict], verdict)}`,
    ...findings.map(({ reason, severity, field, message }) => {
      const marked = paint(severity === 'error' ? 'red' : 'yellow', `${reason} (${severity})`)
      // Most messages start with their field.
      return `  ${marked} ${field === '' || message.startsWith(field) ? '' : `${field}: `}${message}`
    }),
    ...additionLines(object, patch).map(line => paint('green', `  + ${printable(line)}`)),
  ]
}

function summary(results: readonly Reviewed[]): string {
  if (results.length === 0) return 'nothing to review: no ModelCache, pod or workload in the input'
  const count = (verdict: Verdict) => results.filter(result => result.verdict === verdict).length
  const objects = results.length === 1 ? '1 object' : `${results.length} objects`
  return `${objects}: ${count('admitted')} admitted, ${count('warned')} warned, ${count('denied')} denied`
}

/** For programs: `{"results":[…]}` with one result for each object, in the order of the input. */
export function renderJson(results: readonly Reviewed[]): string {
  const shown = results.map(({ manifest, verdict, findings, patch }) => {
    const { apiVersion, kind, namespace, name, file, line } = manifest
    return { apiVersion, kind, namespace, name, file, line, verdict, findings, patch }
  })
  return `${printableJson({ results: shown }, 2)}\n`
}

/** What would be injected: a JSON document on one line for each object that gets something. */
export function renderPatches(results: readonly Reviewed[]): string {
  return results
    .filter(({ patch }) => patch.length > 0)
    .map(({ manifest: { file, line, kind, namespace, name }, patch }) =>
      printableJson({ file, line, kind, namespace, name, patch }),
    )
    .map(document => `${document}\n`)
    .join('')
}
