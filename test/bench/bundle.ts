import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../testbed/command.ts'

const BUILD = fileURLToPath(new URL('../../tools/build.ts', import.meta.url))

/** Builds the bundle, as in the image, into a folder. Returns its main file. */
export async function buildBundle(folder: string): Promise<string> {
  const { code, stderr } = await runCommand(process.execPath, [BUILD, folder])
  if (code !== 0) throw new Error(`the bundle cannot be built: ${stderr}`)
  return join(folder, 'main.js')
}
