import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

const described = z.object({ name: z.literal('modelcache'), version: z.string() })

/** The version of this program. Its package.json is beside the bundle, or above the sources. */
export function version(): string {
  const places = ['./package.json', '../package.json', '../../package.json'].map(
    path => new URL(path, import.meta.url),
  )
  for (const place of places) {
    if (!existsSync(place)) continue
    const found = described.safeParse(JSON.parse(readFileSync(place, 'utf8'))).data
    if (found !== undefined) return found.version
  }
  return 'unknown'
}
