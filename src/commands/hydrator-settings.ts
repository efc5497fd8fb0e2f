import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { parse } from 'yaml'
import { z } from 'zod'
import { type HydrationDefaults, hydrationDefaults, MAX_CA } from '../api/hydration-defaults.ts'
import { literal, SOURCE_CA_VARIABLE, textVariables, type Variable } from '../api/hydration-env.ts'
import { errorMessage } from '../api/schema/text.ts'
import type { HydratorSettings } from '../controller/modelcache/objects/hydration-job.ts'
import { isNotFound } from '../kube/api-error.ts'
import type { Rest } from '../kube/rest.ts'
import { type Option, UsageError } from './options.ts'

/** What every hydration Job of the installation gets. */
export const hydratorOptions = {
  'hydrator-image': {
    schema: z.string().min(1).optional(),
    value: 'IMAGE',
    help: "image of hydration Jobs; default: the image of this process's own pod",
  },
  'source-ca': {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'PEM certificates that hydration Jobs trust in addition to the public ones, for mirrors and proxies inside a company',
  },
  'hydration-defaults': {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'YAML with what hydration Jobs, their pods and claims get unless their ModelCache says otherwise: labels, annotations, nodeSelector, tolerations, affinity, priorityClassName, runtimeClassName, imagePullSecrets, resources, securityContext, env, ca',
  },
} satisfies Record<string, Option>

/** Variables of this process that are passed on to Jobs. */
const HANDED_ON = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HF_ENDPOINT',
]

/** @throws UsageError if there is no image, or no usable CA. */
export async function hydratorSettings(
  options: {
    'hydrator-image'?: string | undefined
    'source-ca'?: string | undefined
    'hydration-metadata'?: readonly string[] | undefined
    'hydration-defaults'?: string | undefined
  },
  { rest, namespace, signal }: { rest: Pick<Rest, 'get'>; namespace: string; signal: AbortSignal },
): Promise<HydratorSettings> {
  const image = options['hydrator-image']
  const own = image === undefined ? await ownImage(rest, namespace, signal) : { image }
  const handedOn = HANDED_ON.flatMap((name): Variable[] => {
    const value = process.env[name]
    return value ? [literal(name, value)] : []
  })
  const file = options['hydration-defaults']
  const { env = [], ca, ...defaults } = file === undefined ? {} : await readDefaults(file)
  const caFile = options['source-ca']
  const pem = caFile === undefined ? ca : await readCA(caFile)
  return {
    ...own,
    metadataKeys: options['hydration-metadata'],
    defaults,
    env: [
      ...handedOn,
      ...env.map(({ name, value }) => literal(name, value)),
      ...(pem === undefined ? [] : textVariables(SOURCE_CA_VARIABLE, pem)),
    ],
  }
}

async function readDefaults(file: string): Promise<HydrationDefaults> {
  const refuse = (why: string) => {
    throw new UsageError(`--hydration-defaults: ${file}: ${why}`)
  }
  const text = await readFile(file, 'utf8').catch(error => refuse(errorMessage(error)))
  let given: unknown
  try {
    given = parse(String(text))
  } catch (error) {
    return refuse(errorMessage(error))
  }
  const parsed = hydrationDefaults.safeParse(given ?? {})
  return parsed.success ? parsed.data : refuse(problemsOf(parsed.error))
}

function problemsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ')
}

async function readCA(file: string): Promise<string> {
  const pem = await readFile(file, 'utf8').catch(error => {
    throw new UsageError(`--source-ca: ${errorMessage(error)}`)
  })
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new UsageError(`--source-ca: ${file} has no PEM certificate`)
  if (pem.length > MAX_CA)
    throw new UsageError(
      `--source-ca: ${file} has ${pem.length} characters, but a Job has room for at most ${MAX_CA}`,
    )
  return pem
}

const pod = z.object({
  spec: z.object({
    containers: z.array(
      z.object({
        name: z.string(),
        image: z.string(),
        imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
      }),
    ),
  }),
})

/** The name of our container in the Deployment. */
const CONTAINER = 'controller'

async function ownImage(rest: Pick<Rest, 'get'>, namespace: string, signal: AbortSignal) {
  const name = hostname()
  const found = await rest
    .get(`/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`, { signal })
    .catch(error => {
      if (!isNotFound(error)) throw error
      throw new UsageError(
        `there is no pod ${namespace}/${name}, so the image of hydration Jobs is unknown; set --hydrator-image`,
      )
    })
  const { containers } = pod.parse(found).spec
  const own = containers.find(container => container.name === CONTAINER) ?? containers[0]
  if (own === undefined) throw new UsageError(`pod ${namespace}/${name} has no container`)
  return { image: own.image, imagePullPolicy: own.imagePullPolicy }
}
