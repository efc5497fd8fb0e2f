/** The API group, its version, and the names derived from them. */
export const GROUP = 'modelplane.ai'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`
