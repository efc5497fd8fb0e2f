import { text } from './bounds.ts'

/** Kubernetes: an object name is a DNS subdomain of at most 253 characters. */
export const MAX_NAME = 253

/** A Kubernetes object name: a DNS subdomain (RFC 1123). */
export const objectName = text(MAX_NAME)
  .min(1)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
