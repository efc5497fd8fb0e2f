/** The parts of an image reference that say what is in it. */
export interface ImageParts {
  /** With the registry, without tag and digest. */
  repository: string
  tag?: string | undefined
}

/** Splits an image reference. A colon before the last slash belongs to the registry's port. */
export function imageParts(image: string): ImageParts {
  const [name = ''] = image.split('@')
  const at = name.indexOf(':', name.lastIndexOf('/') + 1)
  return at === -1 ? { repository: name } : { repository: name.slice(0, at), tag: name.slice(at + 1) }
}
