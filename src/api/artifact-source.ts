import { z } from 'zod'
import { listOf, mapOf, text } from './schema/bounds.ts'
import { MAX_FILE_NAME } from './schema/file-name.ts'
import { objectName } from './schema/object-name.ts'
import { reserved } from './schema/reserved.ts'

const CREDENTIALS = 'Credentials. Only the hydration Job mounts them. May change at any time.'

/** Kubernetes: the key of a Secret. */
const secretKey = text(253)
  .min(1)
  .regex(/^[-._a-zA-Z0-9]+$/)

const secretRef = z
  .object({
    name: objectName.describe('Name of the Secret, in the namespace of the ModelCache.'),
  })
  .describe(CREDENTIALS)

const secretKeyRef = secretRef
  .extend({
    key: secretKey.default('token').describe('Key within the Secret that holds the token.'),
  })
  .describe(CREDENTIALS)

const globs = listOf(text(256).min(1), 64)

const huggingFace = z.object({
  repo: text(193).describe('Repository, such as meta-llama/Llama-3.3-70B-Instruct.'),
  kind: z
    .enum(['model', 'dataset'])
    .optional()
    .describe('Whether the repository is one of a model or of a dataset. Default: model.'),
  revision: text(255)
    .min(1)
    .default('main')
    .describe(
      'Branch, tag or commit. A branch or tag is resolved to a commit once, before anything is fetched.',
    ),
  include: globs
    .optional()
    .describe('Glob patterns of the files to stage. Default: what an inference engine needs.'),
  exclude: globs.optional().describe('Glob patterns of files to leave out, applied after include.'),
  endpoint: text(1024)
    .optional()
    .describe('URL of a mirror, such as https://hf.example.com. Default: the hub of the installation.'),
  secretRef: secretKeyRef.optional(),
})

const awsSecretRef = secretRef.describe(
  'Credentials: keys AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or other usual names of them. Only the hydration Job mounts them. May change at any time. Default: the identity of the pod.',
)

const s3 = z.object({
  uri: text(1024).describe(
    'Bucket and key: s3://bucket/prefix/ for all objects below a prefix, or s3://bucket/key for one object, which may be an archive.',
  ),
  region: text(64)
    .min(1)
    .optional()
    .describe('Region of the bucket. Default: AWS_REGION of the pod, or what S3 says.'),
  endpoint: text(1024)
    .optional()
    .describe(
      'Endpoint URL of an S3-compatible store, such as http://minio.minio:9000. Its buckets are the first part of the path. Default: AWS.',
    ),
  requesterPays: z
    .boolean()
    .optional()
    .describe('Whether you pay for requests, and not the owner of the bucket. Default: false.'),
  secretRef: awsSecretRef.optional(),
})

const urlSecretRef = secretKeyRef
  .extend({
    urlKey: secretKey
      .optional()
      .describe(
        'Key within the Secret that holds the whole URL, if the URL contains a signature or a token. Then no token is sent.',
      ),
  })
  .describe(CREDENTIALS)

const sha256 = text(64).regex(/^[a-f0-9]{64}$/)

const httpFile = z.object({
  url: text(2048).describe('The http or https URL of a file.'),
  sha256: sha256.optional().describe('SHA-256 of the file, as 64 lower-case hexadecimal digits.'),
  path: text(MAX_FILE_NAME)
    .min(1)
    .optional()
    .describe('Path of the file below the mount path. Default: the last part of the URL.'),
})

const http = z.object({
  url: text(4096)
    .optional()
    .describe(
      'The http or https URL of a file, or of a tar, tar.gz, tar.zst or zip archive. If absent, urls has several files, or the Secret holds the URL, see secretRef.urlKey.',
    ),
  sha256: sha256
    .optional()
    .describe('SHA-256 of the file behind the URL, as 64 lower-case hexadecimal digits.'),
  urls: listOf(httpFile, 64, 1)
    .optional()
    .describe('Several files, each staged as it is. The token of the Secret goes to all of them.'),
  sha256sums: text(2048)
    .optional()
    .describe('URL of a checksum file, as sha256sum writes it, with a line for each file.'),
  archive: z
    .enum(['Auto', 'None', 'tar', 'zip'])
    .optional()
    .describe(
      'Whether the file is an archive to unpack: None stages it as it is; tar (compressed or not) and zip unpack it whatever its name is. Default: Auto, which decides by its name and its first bytes.',
    ),
  stripComponents: z
    .int()
    .min(0)
    .max(16)
    .optional()
    .describe('How many leading folders to remove from the names in the archive. Default: 0.'),
  secretRef: urlSecretRef.optional(),
})

const registrySecretRef = secretRef.describe(
  'Credentials of the registry: a Secret as kubectl create secret docker-registry makes it, or keys username and password. Only the hydration Job mounts them. May change at any time. Default: none, for public repositories.',
)

const oci = z.object({
  reference: text(512).describe(
    'Image or artifact reference: registry/repository:tag or registry/repository@sha256:…. A tag is resolved to a digest once, before anything is fetched.',
  ),
  platform: text(64)
    .optional()
    .describe(
      'Which image of several to stage, as os/architecture or os/architecture/variant. Default: linux/amd64, or the only one.',
    ),
  path: text(1024)
    .min(1)
    .optional()
    .describe(
      'Folder or file of a container image to stage. Default: /models if the image has that folder, or else the whole image.',
    ),
  plainHTTP: z
    .boolean()
    .optional()
    .describe('Whether the registry has no TLS. Default: false, except for localhost and 127.0.0.1.'),
  secretRef: registrySecretRef.optional(),
})

const gcsSecretRef = secretRef.describe(
  'Credentials: the key file of a service account, or other credentials in JSON, under key credentials.json or another usual name. Only the hydration Job mounts them. May change at any time. Default: the identity of the pod.',
)

const gcs = z.object({
  uri: text(1024).describe(
    'Bucket and name: gs://bucket/prefix/ for all objects below a prefix, or gs://bucket/name for one object, which may be an archive.',
  ),
  endpoint: text(1024)
    .optional()
    .describe('URL of another server with the JSON API of Google Cloud Storage. Default: Google.'),
  userProject: text(64)
    .min(1)
    .optional()
    .describe('Project that pays for the requests, if the owner of the bucket does not.'),
  secretRef: gcsSecretRef.optional(),
})

const azureSecretRef = secretRef.describe(
  'Credentials: the key of the account (AZURE_STORAGE_KEY), a shared access signature (AZURE_STORAGE_SAS_TOKEN), a connection string (AZURE_STORAGE_CONNECTION_STRING), or an application (AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET), or other usual names of them. Only the hydration Job mounts them. May change at any time. Default: the identity of the pod.',
)

const azure = z.object({
  account: text(24).describe('Name of the storage account.'),
  uri: text(1200).describe(
    'Container and name: az://container/prefix/ for all blobs below a prefix, or az://container/name for one blob, which may be an archive.',
  ),
  endpoint: text(1024)
    .optional()
    .describe(
      'URL of the account in another cloud, or of another server. Default: https://ACCOUNT.blob.core.windows.net.',
    ),
  secretRef: azureSecretRef.optional(),
})

const pvcClone = z.object({
  name: objectName.describe(
    'Name of a PersistentVolumeClaim in the namespace of the ModelCache. The Job mounts it read-only, and copies its files.',
  ),
  subPath: text(1024).min(1).optional().describe('Folder of the claim to copy. Default: its root.'),
})

const inline = z.object({
  files: mapOf(text(262_144), { entries: 64, min: 1, key: MAX_FILE_NAME }).describe(
    'File names and their content. For small text, 256 KiB in total.',
  ),
})

const configMap = z.object({
  name: objectName.describe('Name of the ConfigMap, in the namespace of the ModelCache.'),
})

/** Where the bytes of an artifact come from: one member for each kind of source. */
export const artifactSource = z.object({
  huggingFace: huggingFace.optional().describe('A Hugging Face repository.'),
  s3: s3.optional().describe('Objects under a prefix of an S3 bucket.'),
  http: http.optional().describe('A file or an archive behind a URL, or several files.'),
  oci: oci.optional().describe('An OCI artifact, or the files of a container image.'),
  inline: inline.optional().describe('Small text files in the ModelCache itself.'),
  configMap: configMap.optional().describe('The files of a ConfigMap.'),
  gcs: gcs.optional().describe('Objects of a bucket of Google Cloud Storage.'),
  azure: azure.optional().describe('Blobs of a container of Azure Blob Storage.'),
  pvcClone: pvcClone.optional().describe('The files of another claim.'),
  'pvc-clone': reserved('object'),
})
