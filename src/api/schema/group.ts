/** The API group, version and the names that follow from them. */
export const GROUP = 'modelplane.ai'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`
