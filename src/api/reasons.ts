/**
 * Every reason that a denial can carry. A reason is part of the API: scripts, dashboards and people rely on it,
 * so it is never renamed. Reasons of rules that are still to come are added with their rules.
 */
export const REASONS = [
  'ArtifactSourceAmbiguous',
  'ArtifactSourceRequired',
  'CacheNotFound',
  'CacheNotReady',
  'ClaimNotFound',
  'ClaimNotShared',
  'FieldImmutable',
  'InternalError',
  'MountNotReadOnly',
  'MountPathConflict',
  'MountPathInvalid',
  'MountPathReserved',
  'NoStorageClass',
  'NotImplemented',
  'ReferenceInvalid',
  'SpecInvalid',
  'StorageClassNotFound',
  'StorageClassNotRWX',
  'StorageMemberMismatch',
] as const

export type Reason = (typeof REASONS)[number]
