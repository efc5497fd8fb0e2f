/** What a key of a Secret with credentials of registries is called. */
export const REGISTRY_SECRET_KEYS = {
  /** A config.json of Docker: type kubernetes.io/dockerconfigjson, or a generic Secret made from the file. */
  config: ['.dockerconfigjson', 'config.json'],
  /** The file before that: type kubernetes.io/dockercfg. */
  oldConfig: ['.dockercfg'],
  /** Type kubernetes.io/basic-auth. */
  username: ['username'],
  password: ['password'],
} as const
