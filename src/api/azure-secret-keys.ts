/** What a key of a Secret is called by the tools that people use with Azure Storage, best known first. */
export const AZURE_SECRET_KEYS = {
  connectionString: ['AZURE_STORAGE_CONNECTION_STRING', 'connectionString', 'connection-string'],
  accountKey: [
    'AZURE_STORAGE_KEY',
    'AZURE_STORAGE_ACCESS_KEY',
    'AZURE_STORAGE_ACCOUNT_KEY',
    'azurestorageaccountkey',
    'accountKey',
    'account-key',
  ],
  sasToken: ['AZURE_STORAGE_SAS_TOKEN', 'azurestorageaccountsastoken', 'sasToken', 'sas-token', 'sas_token'],
  tenantId: ['AZURE_TENANT_ID', 'AZ_TENANT_ID', 'tenantId', 'tenant_id'],
  clientId: ['AZURE_CLIENT_ID', 'AZ_CLIENT_ID', 'clientId', 'client_id'],
  clientSecret: ['AZURE_CLIENT_SECRET', 'AZ_CLIENT_SECRET', 'clientSecret', 'client_secret'],
} as const
