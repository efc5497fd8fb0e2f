import type { CelRule } from './cel-rule.ts'
import { IMMUTABLE_FIELDS } from './modelcache-fields.ts'
import { CREDENTIAL_FOLDERS, SEALED_PATHS, SYSTEM_PATHS } from './mount-path.ts'
import { RESERVED_FIELDS, RESERVED_VALUES } from './not-implemented.ts'
import type { Reason } from './reasons.ts'
import { list, pathOf, present, re2 } from './schema/cel.ts'
import { UNPRINTABLE } from './schema/text.ts'
import { HTTP_CONFLICTS, SOURCE_FORMATS, type SourceFormat, URL_ONCE } from './source-formats.ts'
import { SOURCE_NAMES } from './sources.ts'

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
  ...IMMUTABLE_FIELDS.map(immutableRule),
  ...SOURCE_FORMATS.map(sourceFormatRule),
  sizeRule(),
]

function artifactSourceRules(): CelRule[] {
  const members = SOURCE_NAMES.map(name => ({ name, isSet: present('self', `artifact.source.${name}`) }))
  const count = members.map(({ isSet }) => `(${isSet} ? 1 : 0)`).join(' + ')
  const names = members.map(({ name, isSet }) => `(${isSet} ? ' ${name}' : '')`).join(' + ')
  const existing = "self.storage.backend == 'ExistingPVC'"
  const fieldPath = '.artifact.source'
  return [
    {
      rule: `${existing} || ${count} >= 1 || (${present('self', 'artifact.source.pvc-clone')})`,
      message: say(
        'ArtifactSourceRequired',
        `no source is set; set exactly one of ${SOURCE_NAMES.join(', ')}`,
      ),
      fieldPath,
      reason: 'FieldValueRequired',
    },
    {
      rule: `${count} <= 1`,
      message: say(
        'ArtifactSourceAmbiguous',
        'exactly one source may be set; keep one and remove the others',
      ),
      messageExpression: `'${say('ArtifactSourceAmbiguous', 'exactly one source may be set, found')}' + ${names} + '; keep one and remove the others'`,
      fieldPath,
      reason: 'FieldValueInvalid',
    },
    {
      rule: `!(${existing}) || ${count} == 0 || (${present('self', 'storage.existingPVC.subPath')})`,
      message: say(
        'StorageMemberMismatch',
        'backend ExistingPVC stages a source into a folder of the claim; set storage.existingPVC.subPath, or remove the source if the claim is already filled',
      ),
      fieldPath: '.storage.existingPVC',
      reason: 'FieldValueRequired',
    },
  ]
}

function urlRules(): CelRule[] {
  const http = present('self', 'artifact.source.http')
  const url = present('self', 'artifact.source.http.url')
  const urls = present('self', 'artifact.source.http.urls')
  const secret = present('self', 'artifact.source.http.secretRef.urlKey')
  const count = [url, urls, secret].map(isSet => `(${isSet} ? 1 : 0)`).join(' + ')
  const rule = (text: string, says: string): CelRule => ({
    rule: text,
    message: say('SourceInvalid', says),
    fieldPath: '.artifact.source.http',
    reason: 'FieldValueInvalid',
  })
  return [
    rule(`!(${http}) || ${count} == 1`, URL_ONCE),
    ...HTTP_CONFLICTS.map(({ one, other, must }) => {
      const [first, second] = [one, other].map(name => present('self', `artifact.source.http.${name}`))
      return rule(`!(${first}) || !(${second})`, `must ${must}`)
    }),
  ]
}

function storageMemberRules(): CelRule[] {
  return [
    {
      rule: "self.storage.backend != 'ExistingPVC' || has(self.storage.existingPVC)",
      message: say('StorageMemberMismatch', 'backend ExistingPVC needs storage.existingPVC; set its name'),
      fieldPath: '.storage.existingPVC',
      reason: 'FieldValueRequired',
    },
    {
      rule: "self.storage.backend == 'ExistingPVC' || !has(self.storage.existingPVC)",
      message: say(
        'StorageMemberMismatch',
        'existingPVC belongs to backend ExistingPVC; remove it, or set storage.backend to ExistingPVC',
      ),
      fieldPath: '.storage.existingPVC',
      reason: 'FieldValueForbidden',
    },
    {
      rule: "self.storage.backend == 'PVC' || !has(self.storage.pvc)",
      message: say(
        'StorageMemberMismatch',
        'pvc belongs to backend PVC; remove it, or set storage.backend to PVC',
      ),
      fieldPath: '.storage.pvc',
      reason: 'FieldValueForbidden',
    },
  ]
}

function mountPathRules(): CelRule[] {
  const path = 'self.mount.path'
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
  const fieldPath = '.mount.path'
  const subPath = 'self.storage.existingPVC.subPath'
  const scratch = 'mount.scratch'
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
      rule: clean,
      message: say(
        'MountPathInvalid',
        'must be absolute and clean, without "//", "/./", "/../", ":", a trailing "/", control or invisible characters and parts of over 255 bytes, such as /mnt/model',
      ),
      fieldPath,
      reason: 'FieldValueInvalid',
    },
    {
      rule: `!${covers} && !${inside} && !${path}.matches(r'${CREDENTIAL_FOLDERS}')`,
      message: say(
        'MountPathReserved',
        'would hide files that containers need; use another path, such as /mnt/model',
      ),
      fieldPath,
      reason: 'FieldValueForbidden',
    },
    {
      rule: `!(${present('self', scratch)}) || self.${scratch}.all(f, ${folder}) && self.${scratch}.all(f, self.${scratch}.all(other, f == other || !f.startsWith(other + '/')))`,
      message: say(
        'MountPathInvalid',
        'must be folders below the path, relative and clean, and none inside another, such as .cache/huggingface',
      ),
      fieldPath: `.${scratch}`,
      reason: 'FieldValueInvalid',
    },
    {
      rule: `!(${present('self', 'storage.existingPVC.subPath')}) || (!${subPath}.startsWith('/') && !('/' + ${subPath} + '/').contains('/../') && ${isNameable(subPath)})`,
      message: say(
        'MountPathInvalid',
        'must be a folder within the claim, relative and without "..", control or invisible characters and parts of over 255 bytes, such as llama',
      ),
      fieldPath: '.storage.existingPVC.subPath',
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
  return {
    rule: `!(${present('self', field)}) || !(self.${field} in ${list(values)})`,
    message: say('NotImplemented', `${values.join(' and ')} ${are} not implemented; use ${instead}`),
    fieldPath: `.${field}`,
    reason: 'FieldValueForbidden',
  }
}

/** A field that this version does not implement is denied by name. */
function reservedFieldRule({ field, instead }: (typeof RESERVED_FIELDS)[number]): CelRule {
  return {
    rule: `!(${present('self', field)})`,
    message: say('NotImplemented', `${field} is not implemented; ${instead}`),
    fieldPath: pathOf(field),
    reason: 'FieldValueForbidden',
  }
}

/** A transition rule: it uses oldSelf, so the API server runs it on updates only. */
function immutableRule(field: (typeof IMMUTABLE_FIELDS)[number]): CelRule {
  const now = present('self', field)
  const before = present('oldSelf', field)
  return {
    rule: `(${now}) == (${before}) && (!(${now}) || self.${field} == oldSelf.${field})`,
    message: say(
      'FieldImmutable',
      `${field} cannot change after creation; create a ModelCache of another name instead`,
    ),
    fieldPath: `.${field}`,
    reason: 'FieldValueForbidden',
  }
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
  const holds = list ? `self.${field}.all(item, ${item})` : test(`self.${field}`)
  return {
    rule: `!(${present('self', field)}) || (${holds})`,
    message: say('SourceInvalid', `must ${must}`),
    fieldPath: `.${field}`,
    reason: 'FieldValueInvalid',
  }
}

/** A transition rule. Whether the claim may grow depends on its class, so the webhook decides that. */
function sizeRule(): CelRule {
  const field = 'storage.pvc.sizeGiB'
  return {
    rule: `self.storage.backend != 'PVC' || !(${present('oldSelf', field)}) || (${present('self', field)} && self.${field} >= oldSelf.${field})`,
    message: say(
      'SizeCannotShrink',
      'a claim only grows; keep the size or raise it, or create a ModelCache of another name',
    ),
    fieldPath: '.storage.pvc',
    reason: 'FieldValueForbidden',
  }
}

function say(reason: Reason, text: string): string {
  return `${reason}: ${text}`
}
