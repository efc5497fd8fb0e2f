/**
 * What the key of a Secret with the credentials of a Google account is called by the tools that people use.
 */
export const GCS_SECRET_KEYS = [
  'credentials.json',
  'key.json',
  'service-account.json',
  'service_account.json',
  'sa.json',
  'application_default_credentials.json',
  'gcloud-application-credentials.json',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_SERVICE_ACCOUNT',
  'key',
] as const
