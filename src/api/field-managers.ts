/** Owner of every field that the controller writes. */
export const FIELD_MANAGER = 'modelcache'

/** Owner of the Lease by which the controllers elect their leader. */
export const ELECTION_MANAGER = 'modelcache-leader-election'

/** Owner of the CA's Secret and of `caBundle`. */
export const CERTIFICATES_MANAGER = 'modelcache-certificates'
