import { z } from 'zod'
import { objectName } from '../api/schema/object-name.ts'
import { CA_LIFETIME_MS, MAX_LEAF_LIFETIME_MS } from '../certs/authority.ts'
import { podNamespace } from '../process/pod-namespace.ts'
import { duration, names, type Option, UsageError } from './options.ts'

const MINUTE_MS = 60_000

/** Where this is installed. */
export const installationOptions = {
  namespace: {
    schema: objectName.optional(),
    value: 'NAMESPACE',
    help: 'namespace of the installation; default: the namespace of the pod, or modelcache-system',
  },
} satisfies Record<string, Option>

/** What both roles must agree on about certificates. */
export const certificateOptions = {
  'cert-source': {
    schema: z.enum(['self', 'files']).default('self'),
    value: 'self|files',
    help: 'who issues the CA and the certificates: self is ModelCache, files is somebody else; default self',
  },
  service: {
    schema: objectName.default('modelcache-webhook'),
    value: 'NAME',
    help: 'name of the Service that the API server calls; default modelcache-webhook',
  },
} satisfies Record<string, Option>

/** Options for the CA, which a controller creates and renews. */
export const authorityOptions = {
  'ca-lifetime': {
    schema: duration.pipe(z.number().min(10 * MINUTE_MS, 'must be at least 10m')).default(CA_LIFETIME_MS),
    value: 'DURATION',
    help: 'how long a new CA is valid; the controller renews it after two thirds of that; default 365d',
  },
  'ca-settle': {
    schema: duration.default(120_000),
    value: 'DURATION',
    help: 'how long all webhook configurations must trust a new CA before it signs; default 2m',
  },
} satisfies Record<string, Option>

/** Options for the certificate that a webhook serves with. */
export const servingOptions = {
  'certificate-lifetime': {
    schema: duration
      .pipe(z.number().min(10_000, 'must be at least 10s').max(MAX_LEAF_LIFETIME_MS, 'must be at most 7d'))
      .default(MAX_LEAF_LIFETIME_MS),
    value: 'DURATION',
    help: 'how long a serving certificate is valid, at most 7d; the webhook renews it after two thirds of that; default 7d',
  },
  'tls-cert-file': {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'with --cert-source=files: the PEM certificate for SERVICE.NAMESPACE.svc',
  },
  'tls-key-file': {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'with --cert-source=files: the PEM key of that certificate',
  },
} satisfies Record<string, Option>

/** Who may call the webhook. */
export const clientOptions = {
  'client-ca-file': {
    schema: z.string().min(1).optional(),
    value: 'FILE',
    help: 'PEM file of CAs; the webhook accepts only clients with a certificate of one of them; default: it accepts all clients',
  },
  'client-name': {
    schema: names.optional(),
    value: 'NAME,…',
    help: 'with --client-ca-file: common names that the webhook accepts; default: all names that a CA signed',
  },
} satisfies Record<string, Option>

/**
 * The file with the CAs of clients; undefined if everybody may call.
 *
 * @throws UsageError if client names are given without a CA, because then no client has a certificate.
 */
export function clientFile(options: {
  'client-ca-file'?: string | undefined
  'client-name'?: string[] | undefined
}): string | undefined {
  const file = options['client-ca-file']
  if (file === undefined && options['client-name'] !== undefined)
    throw new UsageError('--client-name needs --client-ca-file')
  return file
}

/** The namespace of this installation. */
export function installedIn({ namespace }: { namespace?: string | undefined }): string {
  return namespace ?? podNamespace() ?? 'modelcache-system'
}

/**
 * The files that were given; undefined if we issue certificates ourselves.
 *
 * @throws UsageError if the files do not fit the source of certificates.
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
