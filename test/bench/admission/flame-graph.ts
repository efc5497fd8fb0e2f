import { basename } from 'node:path'
import { z } from 'zod'

/** The part of a --cpu-prof file that we read. Times are in microseconds. */
export const cpuProfile = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame: z.object({ functionName: z.string(), url: z.string() }),
      children: z.array(z.int()).optional(),
    }),
  ),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.int()),
})

interface Frame {
  name: string
  micros: number
  children: Map<string, Frame>
}

const WIDTH = 1200
const ROW = 16
const FONT = 11
/** Pixels. We leave narrower frames out. */
const LEAST = 1.5
/** The rough width of a letter, in pixels. */
const LETTER = 6.2
/** Frames of waiting and of start-up. */
const NOT_WORK = /^\((idle|program)\)| modules\/(esm|run_main)| main\//

/** Draws a flame graph as SVG. The width of a frame is the time in it and in its callees. */
export function flameGraph(profile: z.infer<typeof cpuProfile>, title: string): string {
  const root = stacksOf(profile)
  const depth = depthOf(root)
  const frames = drawn(root, 0, 0, WIDTH / root.micros)
  const height = (depth + 2) * ROW
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="${FONT}">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="4" y="${ROW - 4}">${escaped(title)}</text>
${frames.join('\n')}
</svg>
`
}

function stacksOf({ nodes, samples, timeDeltas }: z.infer<typeof cpuProfile>): Frame {
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map(child => [child, id] as const)),
  )
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const root: Frame = { name: 'all', micros: 0, children: new Map() }
  for (const [index, sample] of samples.entries()) {
    const stack: string[] = []
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id))
      stack.unshift(names.get(id) ?? '')
    if (stack.some(name => NOT_WORK.test(name))) continue
    add(root, stack.slice(1), timeDeltas[index] ?? 0)
  }
  return root
}

function add(root: Frame, stack: readonly string[], micros: number): void {
  let frame = root
  frame.micros += micros
  for (const name of stack) {
    const found: Frame = frame.children.get(name) ?? { name, micros: 0, children: new Map() }
    frame.children.set(name, found)
    found.micros += micros
    frame = found
  }
}

function nameOf({ functionName, url }: { functionName: string; url: string }): string {
  const file = url.startsWith('node:') ? url.replace('node:internal/', '') : basename(url)
  return [functionName || 'anonymous', file].filter(Boolean).join(' ')
}

function depthOf({ children }: Frame): number {
  return 1 + Math.max(0, ...[...children.values()].map(depthOf))
}

function drawn({ name, micros, children }: Frame, x: number, depth: number, scale: number): string[] {
  const width = micros * scale
  if (width < LEAST) return []
  const y = (depth + 1) * ROW
  const letters = Math.floor(width / LETTER)
  const label = letters < 3 ? '' : name.length > letters ? `${name.slice(0, letters - 1)}…` : name
  const share = ((100 * width) / WIDTH).toFixed(1)
  const own = [
    `<g><title>${escaped(name)}: ${share} %</title>`,
    `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colorOf(name)}"/>`,
    `<text x="${(x + 2).toFixed(1)}" y="${y + ROW - 5}">${escaped(label)}</text></g>`,
  ].join('')
  let at = x
  const below = [...children.values()]
    .toSorted((one, other) => other.micros - one.micros)
    .flatMap(child => {
      const found = drawn(child, at, depth + 1, scale)
      at += child.micros * scale
      return found
    })
  return [own, ...below]
}

/** One color for our code, and one each for libraries, Node.js and the rest. */
function colorOf(name: string): string {
  if (name.endsWith('.ts')) return '#8fc1a9'
  if (name.endsWith('.js')) return '#f2c57c'
  return name.includes(' ') ? '#b7c9e2' : '#d9d9d9'
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
