/** Choices of the administrator that rules follow. */
export interface Policy {
  /** What to do with a StorageClass whose provisioner nobody has attested to support ReadWriteMany. */
  unknownProvisioner: 'Deny' | 'Warn'
  /** Users as which the Job controller of the cluster creates pods. */
  jobControllers: readonly string[]
  /** User as which our controller creates hydration Jobs. */
  controllerUser: string
  /**
   * Labels and annotations that a ModelCache may give to its hydration pod, besides those that every installation
   * allows.
   */
  hydrationKeys?: readonly string[] | undefined
  /** Name of the InferenceCluster that is this cluster; unset: the only one that is registered. */
  clusterName?: string | undefined
}
