/** Choices of the administrator that rules follow. */
export interface Policy {
  /** What to do with a StorageClass whose provisioner nobody has attested to support ReadWriteMany. */
  unknownProvisioner: 'Deny' | 'Warn'
}
