import type { ModelDeployment } from '../api/modeldeployment.ts'
import { isEngine } from '../injection/engine.ts'

/** An engine may load for two hours before it serves, and nobody restarts it meanwhile. */
const START = { periodSeconds: 10, failureThreshold: 720 }
const SERVE = { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 }
/** Under full load an engine answers late. Only one that is dead for minutes is restarted. */
const LIVE = { periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 6 }

/** Images of NIM have their own path. */
const NIM = /(^|\/)nim\//

/**
 * The probes of an engine: whether it has started, whether it serves, and, after it has started, whether it
 * lives. Engines that we know answer over HTTP. Of others we only know their port.
 */
export function probesOf(engine: ModelDeployment['spec']['engine']) {
  const { image, command, args, port } = engine
  const known = isEngine({ name: 'engine', image, command, args })
  const asks = known
    ? { httpGet: { path: NIM.test(image) ? '/v1/health/ready' : '/health', port: 'http' } }
    : { tcpSocket: { port } }
  return {
    startupProbe: { ...asks, ...START },
    readinessProbe: { ...asks, ...SERVE },
    livenessProbe: { ...asks, ...LIVE },
  }
}
