/** What a key of a Secret is called by the tools that people use with S3, best known first. */
export const AWS_SECRET_KEYS = {
  accessKeyId: [
    'AWS_ACCESS_KEY_ID',
    'accessKeyId',
    'access-key-id',
    'access_key_id',
    'accessKey',
    'access-key',
    'accesskey',
    'awsAccessKeyID',
  ],
  secretAccessKey: [
    'AWS_SECRET_ACCESS_KEY',
    'secretAccessKey',
    'secret-access-key',
    'secret_access_key',
    'secretKey',
    'secret-key',
    'secretkey',
    'awsSecretAccessKey',
  ],
  sessionToken: ['AWS_SESSION_TOKEN', 'sessionToken', 'session-token', 'session_token', 'awsSessionToken'],
} as const
