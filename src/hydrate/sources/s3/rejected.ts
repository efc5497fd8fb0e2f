import { foreign } from '../../../api/schema/text.ts'
import { HydrationError } from '../../failure.ts'
import { contentOf } from '../../fetch/content.ts'
import { shown } from '../../fetch/rejection.ts'
import { headerOf, type Reply } from '../../fetch/reply.ts'

/** Answers whose body says more than their status. */
export const EXPLAINED = [301, 307, 400, 403, 404]

/** The bucket is in another region. */
export class OtherRegion extends Error {
  override name = 'OtherRegion'
  readonly region: string

  constructor(region: string) {
    super(`the bucket is in region ${region}`)
    this.region = region
  }
}

const MAX_ERROR_BYTES = 64 * 1024

/** What such an answer means. The names of errors are those of the S3 API reference, "Error responses". */
export async function rejected(reply: Reply, url: string, isSigned: boolean): Promise<Error> {
  const text = (await contentOf(reply, url, MAX_ERROR_BYTES)).toString('utf8')
  const [, named] = /<Region>([a-z0-9-]{1,64})<\/Region>/.exec(text) ?? []
  const region = headerOf(reply, 'x-amz-bucket-region') ?? named
  const isElsewhere = [301, 307, 400].includes(reply.status)
  if (isElsewhere && region !== undefined && /^[a-z0-9-]{1,64}$/.test(region)) return new OtherRegion(region)
  const [, code = ''] = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text) ?? []
  const said = `${shown(url)} answers ${reply.status}${code === '' ? '' : ` (${foreign(code, 64)})`}`
  if (reply.status === 404) return new HydrationError('SourceNotFound', `${said}; correct uri`)
  if (reply.status === 403) return new HydrationError('Unauthorized', `${said}: ${fixOf(isSigned)}`)
  return new HydrationError('SourceNotFound', `${said}; correct region or endpoint`)
}

function fixOf(isSigned: boolean): string {
  return isSigned
    ? 'use credentials that may list the bucket and get its objects (s3:ListBucket, s3:GetObject)'
    : 'set secretRef, or give the ServiceAccount of the Job an identity'
}
