/** Choices of the administrator that rules follow. */
export interface Policy {
  /** What to do with a StorageClass if nobody has attested that its provisioner supports ReadWriteMany. */
  unknownProvisioner: 'Deny' | 'Warn'
  /** User names that the cluster's Job controller uses to create pods. */
  jobControllers: readonly string[]
  /** User name that our controller uses to create hydration Jobs. */
  controllerUser: string
  /**
   * Labels and annotations that a ModelCache may give to its hydration pod, in addition to those that every
   * installation allows.
   */
  hydrationKeys?: readonly string[] | undefined
  /**
   * Name of the InferenceCluster that stands for this cluster. If unset, the one of source Local or the only
   * one.
   */
  clusterName?: string | undefined
}
