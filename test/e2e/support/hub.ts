import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inRepository } from '../../manifests/support/rendered.ts'
import { outputOf } from '../../testbed/command.ts'
import { freePort } from '../../testbed/ports.ts'
import { serviceAccountKubeconfig } from '../../testbed/product.ts'
import { prepareRole, type Role } from '../../testbed/role.ts'
import type { OwnPlane } from './own-plane.ts'

/** Installs the hub as shipped on a control plane, and runs it as its own ServiceAccount. */
export async function startHub(
  { controlPlane, kubectl, dir }: OwnPlane,
  options: readonly string[] = [],
  env?: NodeJS.ProcessEnv,
): Promise<Role & AsyncDisposable> {
  for (const file of ['hub/hub.yaml', 'hub-secrets/rbac.yaml']) {
    const manifest = await readFile(inRepository(`manifests/components/${file}`), 'utf8')
    outputOf(await kubectl(['apply', '-f', '-'], manifest), 'installing the hub')
  }
  const kubeconfig = await serviceAccountKubeconfig('modelcache-hub', dir, controlPlane, kubectl)
  const role = prepareRole({
    role: 'hub',
    args: ['--kubeconfig', kubeconfig, ...options],
    env,
    healthPort: await freePort(),
    logPath: join(dir, 'log', 'modelcache-hub.log'),
  })
  await role.start()
  return { ...role, [Symbol.asyncDispose]: () => role.stop() }
}
