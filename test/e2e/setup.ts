import type { TestProject } from 'vitest/node'
import { startTestbed } from '../testbed/testbed.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The control plane that all files share. */
    cluster: { kubectl: string; kubeconfig: string; dir: string }
  }
}

/** One control plane with LeaderWorkerSet and the product for all files. It ends when the run ends. */
export default async function setup(project: TestProject) {
  const testbed = await startTestbed({ log: line => console.log(line) })
  project.provide('cluster', {
    kubectl: testbed.binaries.kubectl,
    kubeconfig: testbed.kubeconfig,
    dir: testbed.dir,
  })
  return () => testbed.stop()
}
