import { z } from 'zod'
import { objectName } from '../api/objectname.ts'
import { CA_LIFETIME_MS, MAX_LEAF_LIFETIME_MS } from '../certs/authority.ts'
import { duration, type Option, UsageError } from './options.ts'
import { podNamespace } from './podnamespace.ts'

const MINUTE_MS = 60_000

/** Where this is installed, for whoever needs to know. */
export const installationOptions = {
  namespace: {
    schema: objectName.optional(),
    value: 'NAMESPACE',
    help: 'where this is installed; default: the namespace of the pod, else modelcache-system',
  },
} satisfies Record<string, Option>

/** What both roles must agree on about certificates. */
export const certificateOptions = {
  'cert-source': {
    schema: z.enum(['self', 'files']).default('self'),
    value: 'self|files',
    help: 'who makes the CA and the certificates: this product, or somebody else who brings files; default self',
  },
  service: {
    schema: objectName.default('modelcache-webhook'),
    value: 'NAME',
    help: 'the Service that the API server calls; default modelcache-webhook',
  },
  'ca-lifetime': {
    schema: duration.pipe(z.number().min(10 * MINUTE_MS, 'must be 10m at least')).default(CA_LIFETIME_MS),
    value: 'DURATION',
    help: 'how long a CA lasts that is made from now on; renewed at two thirds of it; default 365d',
  },
} satisfies Record<string, Option>

/** What concerns the certificate that a webhook serves with. */
export const servingOptions = {
  'certificate-lifetime': {
    schema: duration
      .pipe(z.number().min(10_000, 'must be 10s at least').max(MAX_LEAF_LIFETIME_MS, 'must be 7d at most'))
      .default(MAX_LEAF_LIFETIME_MS),
    value: 'DURATION',
    help: 'how long a serving certificate of our own lasts; renewed at two thirds of it; default 7d, which is the most',
  },
  'tls-cert-file': {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'with --cert-source=files: PEM serving certificate for the name SERVICE.NAMESPACE.svc',
  },
  'tls-key-file': {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'with --cert-source=files: PEM key of the certificate',
  },
} satisfies Record<string, Option>

/** The namespace of this installation. */
export function installedIn({ namespace }: { namespace?: string | undefined }): string {
  return namespace ?? podNamespace() ?? 'modelcache-system'
}

/**
 * The files that were named, or undefined where we make certificates ourselves.
 *
 * @throws UsageError when what is named does not go with the source.
 */
export function certificateFiles(options: {
  'cert-source': 'self' | 'files'
  'tls-cert-file'?: string | undefined
  'tls-key-file'?: string | undefined
}): { certFile: string; keyFile: string } | undefined {
  const certFile = options['tls-cert-file']
  const keyFile = options['tls-key-file']
  if (options['cert-source'] === 'self') {
    if (certFile === undefined && keyFile === undefined) return undefined
    throw new UsageError('--tls-cert-file and --tls-key-file are for --cert-source=files')
  }
  if (certFile === undefined || keyFile === undefined)
    throw new UsageError('--cert-source=files needs --tls-cert-file and --tls-key-file')
  return { certFile, keyFile }
}
