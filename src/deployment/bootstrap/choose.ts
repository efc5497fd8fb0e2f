import type { BOOTSTRAPS, ModelDeployment } from '../../api/modeldeployment.ts'
import { imageParts } from '../../injection/image.ts'
import { programsOf } from '../../injection/programs.ts'
import { isShell } from '../../injection/shell.ts'

type Engine = ModelDeployment['spec']['engine']
export type Bootstrap = Exclude<(typeof BOOTSTRAPS)[number], 'Auto'>

/** How a gang of an engine starts, or why nobody can tell. */
export type Choice = { bootstrap: Bootstrap } | { problem: string }

/** Images whose tag is the version of vLLM. */
const OF_VLLM = /(^|\/)vllm\/vllm-|(^|\/)vllm-openai(-|$)/
/** Other builds of vLLM, with tags of their own. */
const WITH_VLLM = /(^|\/)(vllm-[^/]*|vllm)$/
const OF_SGLANG = /(^|\/)lmsysorg\/sglang(-|$)|(^|\/)sglang$/

/** The first version of vLLM with a launcher of its own: `--nnodes` in vllm/engine/arg_utils.py. */
const OWN_LAUNCHER = [0, 11, 1]

/** The author's choice, or what the image and the command show. */
export function chooseBootstrap(engine: Engine): Choice {
  if (engine.bootstrap !== 'Auto') return withoutScript(engine, engine.bootstrap)
  if (isScript(engine)) return { bootstrap: 'None' }
  const { repository, tag } = imageParts(engine.image)
  const modules = programsOf(engine).map(({ program, module }) => module ?? program)
  const runs = (name: string) => modules.some(module => module === name || module.startsWith(`${name}.`))
  if (OF_SGLANG.test(repository) || runs('sglang')) return withoutScript(engine, 'SGLang')
  if (OF_VLLM.test(repository)) {
    const version = versionOf(tag)
    if (version !== undefined)
      return withoutScript(engine, isBefore(version, OWN_LAUNCHER) ? 'VLLMRay' : 'VLLM')
  }
  if (!OF_VLLM.test(repository) && !WITH_VLLM.test(repository) && !runs('vllm')) return { bootstrap: 'None' }
  return {
    problem:
      'the image does not show which version of vLLM it has; set spec.engine.bootstrap to VLLM for 0.11.1 or later, or to VLLMRay for an image with Ray',
  }
}

/** The same for a deployment; undefined if it has no gangs. */
export function chooseGangBootstrap({ spec: { engine, workers } }: ModelDeployment): Choice | undefined {
  return workers.topology.strategy === 'TensorPipeline' ? chooseBootstrap(engine) : undefined
}

function withoutScript(engine: Engine, bootstrap: Bootstrap): Choice {
  if (bootstrap === 'None') return { bootstrap }
  if (isScript(engine))
    return {
      problem: `${bootstrap} cannot add its flags to a script of a shell; write the command as separate words, or set spec.engine.bootstrap to None`,
    }
  const isModule = programsOf(engine).some(({ module }) => module?.startsWith('vllm.entrypoints.') === true)
  if (bootstrap === 'VLLM' && isModule)
    return {
      problem:
        'workers without an API need `vllm serve`; write that in place of `python3 -m vllm.entrypoints…`',
    }
  return { bootstrap }
}

function isScript({ command, args }: Engine): boolean {
  const [first = ''] = [...(command ?? []), ...(command === undefined ? (args ?? []) : [])]
  return isShell(first.slice(first.lastIndexOf('/') + 1))
}

function versionOf(tag: string | undefined): number[] | undefined {
  const found = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?![\d])/.exec(tag ?? '')
  return found?.slice(1).map(Number)
}

function isBefore(version: readonly number[], other: readonly number[]): boolean {
  const at = version.findIndex((part, index) => part !== other[index])
  return at !== -1 && (version[at] ?? 0) < (other[at] ?? 0)
}
