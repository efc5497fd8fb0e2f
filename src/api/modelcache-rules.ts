import type { CelRule } from './cel-rule.ts'
import { IMMUTABLE_FIELDS } from './modelcache-fields.ts'
import { CREDENTIAL_FOLDERS, SEALED_PATHS, SYSTEM_PATHS } from './mount-path.ts'
import { RESERVED_FIELDS, RESERVED_VALUES } from './not-implemented.ts'
import type { Reason } from './reasons.ts'
import { list, pathOf, present, re2, split } from './schema/cel.ts'
import { UNPRINTABLE } from './schema/text.ts'
import { HTTP_CONFLICTS, SOURCE_FORMATS, type SourceFormat, URL_ONCE } from './source-formats.ts'
import { SOURCE_NAMES } from './sources.ts'

const ARTIFACT = 'artifact'
const SOURCE = 'artifact.source'
const HTTP = 'artifact.source.http'
const STORAGE = 'storage'

/**
 * What a single ModelCache decides, as CEL over `spec`. This is the first line of defense, which holds even
 * if no webhook runs. The API server evaluates it before it calls validating webhooks, so these are the
 * messages that users see.
 */
export const modelCacheRules: CelRule[] = [
  ...artifactSourceRules(),
  ...urlRules(),
  ...storageMemberRules(),
  ...mountPathRules(),
  ...RESERVED_VALUES.map(reservedValueRule),
  ...RESERVED_FIELDS.map(reservedFieldRule),
  ...sameSourceRules(),
  ...IMMUTABLE_FIELDS.map(immutableRule),
  ...SOURCE_FORMATS.map(sourceFormatRule),
  sizeRule(),
]

/** Whether the artifact that `artifact` names has a source. A list of one gives the source a name. */
function hasSource(artifact: string, ...more: string[]): string {
  const isSet = [...SOURCE_NAMES, ...more].map(name => present('source', name)).join(' || ')
  return `has(${artifact}.source) && [${artifact}.source].exists(source, ${isSet})`
}

function artifactSourceRules(): CelRule[] {
  const members = SOURCE_NAMES.map(name => ({ name, isSet: present('self', name) }))
  const count = members.map(({ isSet }) => `(${isSet} ? 1 : 0)`).join(' + ')
  const names = members.map(({ name, isSet }) => `(${isSet} ? ' ${name}' : '')`).join(' + ')
  return [
    {
      rule: `self.storage.backend == 'ExistingPVC' || ${hasSource('self.artifact', 'pvc-clone')}`,
      message: say(
        'ArtifactSourceRequired',
        `no source is set; set exactly one of ${SOURCE_NAMES.join(', ')}`,
      ),
      fieldPath: '.artifact.source',
      reason: 'FieldValueRequired',
    },
    {
      at: SOURCE,
      rule: `${count} <= 1`,
      message: say(
        'ArtifactSourceAmbiguous',
        'exactly one source may be set; keep one and remove the others',
      ),
      messageExpression: `'${say('ArtifactSourceAmbiguous', 'exactly one source may be set, found')}' + ${names} + '; keep one and remove the others'`,
      reason: 'FieldValueInvalid',
    },
    {
      rule: `self.storage.backend != 'ExistingPVC' || !(${hasSource('self.artifact')}) || (${present('self', 'storage.existingPVC.subPath')})`,
      message: say(
        'StorageMemberMismatch',
        'backend ExistingPVC stages a source into a folder of the claim; set storage.existingPVC.subPath, or remove the source if the claim is already filled',
      ),
      fieldPath: '.storage.existingPVC',
      reason: 'FieldValueRequired',
    },
  ]
}

/** The members of a source have rules of their own, which run only if the source had them before. */
function sameSourceRules(): CelRule[] {
  const which = (root: 'self' | 'oldSelf') => `[${SOURCE_NAMES.map(name => present(root, name)).join(', ')}]`
  const same = { message: immutable(SOURCE), reason: 'FieldValueForbidden' } as const
  return [
    { at: SOURCE, rule: `${which('self')} == ${which('oldSelf')}`, ...same },
    {
      at: ARTIFACT,
      rule: `(${hasSource('self')}) == (${hasSource('oldSelf')})`,
      fieldPath: '.source',
      ...same,
    },
  ]
}

function urlRules(): CelRule[] {
  const count = ['url', 'urls', 'secretRef.urlKey']
    .map(field => `(${present('self', field)} ? 1 : 0)`)
    .join(' + ')
  const rule = (text: string, says: string): CelRule => ({
    at: HTTP,
    rule: text,
    message: say('SourceInvalid', says),
    reason: 'FieldValueInvalid',
  })
  return [
    rule(`${count} == 1`, URL_ONCE),
    ...HTTP_CONFLICTS.map(({ one, other, must }) =>
      rule(`!(${present('self', one)}) || !(${present('self', other)})`, `must ${must}`),
    ),
  ]
}

function storageMemberRules(): CelRule[] {
  return [
    {
      at: STORAGE,
      rule: "self.backend != 'ExistingPVC' || has(self.existingPVC)",
      message: say('StorageMemberMismatch', 'backend ExistingPVC needs storage.existingPVC; set its name'),
      fieldPath: '.existingPVC',
      reason: 'FieldValueRequired',
    },
    {
      at: STORAGE,
      rule: "self.backend == 'ExistingPVC' || !has(self.existingPVC)",
      message: say(
        'StorageMemberMismatch',
        'existingPVC belongs to backend ExistingPVC; remove it, or set storage.backend to ExistingPVC',
      ),
      fieldPath: '.existingPVC',
      reason: 'FieldValueForbidden',
    },
    {
      at: STORAGE,
      rule: "self.backend == 'PVC' || !has(self.pvc)",
      message: say(
        'StorageMemberMismatch',
        'pvc belongs to backend PVC; remove it, or set storage.backend to PVC',
      ),
      fieldPath: '.pvc',
      reason: 'FieldValueForbidden',
    },
  ]
}

function mountPathRules(): CelRule[] {
  const path = 'self.path'
  const clean = [
    `${path}.startsWith('/')`,
    `!${path}.endsWith('/')`,
    `!${path}.contains(':')`,
    `!${path}.contains('//')`,
    `!(${path} + '/').contains('/./')`,
    `!(${path} + '/').contains('/../')`,
    isNameable(path),
  ].join(' && ')
  const covers = `${list(SYSTEM_PATHS)}.exists(p, p == ${path} || p.startsWith(${path} + '/'))`
  const inside = `${list(SEALED_PATHS)}.exists(p, ${path}.startsWith(p + '/'))`
  const at = 'mount'
  const fieldPath = '.path'
  const subPath = 'self.subPath'
  const scratch = 'scratch'
  const folder = [
    "!f.startsWith('/')",
    "!f.endsWith('/')",
    "!f.contains('//')",
    "!f.contains(':')",
    "!('/' + f + '/').contains('/./')",
    "!('/' + f + '/').contains('/../')",
    isNameable('f'),
  ].join(' && ')
  return [
    {
      at,
      rule: clean,
      message: say(
        'MountPathInvalid',
        'must be absolute and clean, without "//", "/./", "/../", ":", a trailing "/", control or invisible characters and parts of over 255 bytes, such as /mnt/model',
      ),
      fieldPath,
      reason: 'FieldValueInvalid',
    },
    {
      at,
      rule: `!${covers} && !${inside} && !${path}.matches(r'${CREDENTIAL_FOLDERS}')`,
      message: say(
        'MountPathReserved',
        'would hide files that containers need; use another path, such as /mnt/model',
      ),
      fieldPath,
      reason: 'FieldValueForbidden',
    },
    {
      at,
      rule: `!(${present('self', scratch)}) || self.${scratch}.all(f, ${folder}) && self.${scratch}.all(f, self.${scratch}.all(other, f == other || !f.startsWith(other + '/')))`,
      message: say(
        'MountPathInvalid',
        'must be folders below the path, relative and clean, and none inside another, such as .cache/huggingface',
      ),
      fieldPath: `.${scratch}`,
      reason: 'FieldValueInvalid',
    },
    {
      at: 'storage.existingPVC',
      rule: `!has(${subPath}) || (!${subPath}.startsWith('/') && !('/' + ${subPath} + '/').contains('/../') && ${isNameable(subPath)})`,
      message: say(
        'MountPathInvalid',
        'must be a folder within the claim, relative and without "..", control or invisible characters and parts of over 255 bytes, such as llama',
      ),
      fieldPath: '.subPath',
      reason: 'FieldValueInvalid',
    },
  ]
}

/** In characters, because CEL cannot count bytes. The webhook counts bytes. */
function isNameable(path: string): string {
  return `!${path}.matches(r'${re2(UNPRINTABLE)}|[^/]{256}')`
}

function reservedValueRule({ field, values, instead }: (typeof RESERVED_VALUES)[number]): CelRule {
  const are = values.length > 1 ? 'are' : 'is'
  const { at, name } = split(field)
  return {
    at,
    rule: `!has(self.${name}) || !(self.${name} in ${list(values)})`,
    message: say('NotImplemented', `${values.join(' and ')} ${are} not implemented; use ${instead}`),
    fieldPath: `.${name}`,
    reason: 'FieldValueForbidden',
  }
}

/** A field that this version does not implement is denied by name. */
function reservedFieldRule({ field, instead }: (typeof RESERVED_FIELDS)[number]): CelRule {
  const { at, name } = split(field)
  return {
    at,
    rule: `!(${present('self', name)})`,
    message: say('NotImplemented', `${field} is not implemented; ${instead}`),
    fieldPath: pathOf(name),
    reason: 'FieldValueForbidden',
  }
}

/**
 * A transition rule: it uses oldSelf, so the API server runs it on updates only. `spec.storage.pvc` may come
 * and go.
 */
function immutableRule(field: (typeof IMMUTABLE_FIELDS)[number]): CelRule {
  const isOfStorage = field.startsWith(`${STORAGE}.`)
  const { at, name } = isOfStorage ? { at: STORAGE, name: field.slice(STORAGE.length + 1) } : split(field)
  const now = present('self', name)
  const before = present('oldSelf', name)
  return {
    at,
    rule: `(${now}) == (${before}) && (!(${now}) || self.${name} == oldSelf.${name})`,
    message: immutable(field),
    fieldPath: `.${name}`,
    reason: 'FieldValueForbidden',
  }
}

function immutable(field: string): string {
  return say(
    'FieldImmutable',
    `${field} cannot change after creation; create a ModelCache of another name instead`,
  )
}

/**
 * The webhook checks names and sizes of inline files: CEL cannot add up sizes, and has no limit for the keys
 * of a map.
 */
function sourceFormatRule({ field, list, member, matches, lacks, must }: SourceFormat): CelRule {
  const test = (value: string) =>
    [
      ...(matches === undefined ? [] : [`${value}.matches(r'${matches}')`]),
      ...(lacks === undefined ? [] : [`!${value}.matches(r'${re2(lacks)}')`]),
    ].join(' && ')
  const item = member === undefined ? test('item') : `!has(item.${member}) || ${test(`item.${member}`)}`
  const { at, name } = split(field)
  const holds = list ? `self.${name}.all(item, ${item})` : test(`self.${name}`)
  return {
    at,
    rule: `!has(self.${name}) || (${holds})`,
    message: say('SourceInvalid', `must ${must}`),
    fieldPath: `.${name}`,
    reason: 'FieldValueInvalid',
  }
}

/** A transition rule. Whether the claim may grow depends on its class, so the webhook decides that. */
function sizeRule(): CelRule {
  const size = 'pvc.sizeGiB'
  return {
    at: STORAGE,
    rule: `self.backend != 'PVC' || !(${present('oldSelf', size)}) || (${present('self', size)} && self.${size} >= oldSelf.${size})`,
    message: say(
      'SizeCannotShrink',
      'a claim only grows; keep the size or raise it, or create a ModelCache of another name',
    ),
    fieldPath: '.pvc',
    reason: 'FieldValueForbidden',
  }
}

function say(reason: Reason, text: string): string {
  return `${reason}: ${text}`
}
