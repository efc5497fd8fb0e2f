import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { type Page, serveWeb, type Web } from '../../sources/web.ts'

/** A volume for each test, and web servers, which end with it. */
export function useWebs(): { readonly dir: string; web(pages: Record<string, Page>): Promise<Web> } {
  const webs: Web[] = []
  let dir = ''
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'modelcache-webs-'))
  })
  afterEach(async () => {
    for (const web of webs.splice(0)) await web[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  return {
    get dir() {
      return dir
    },
    async web(pages) {
      const served = await serveWeb(pages)
      webs.push(served)
      return served
    },
  }
}
