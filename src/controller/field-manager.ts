/** Owner of every field that the controller writes. */
export const FIELD_MANAGER = 'modelcache'
