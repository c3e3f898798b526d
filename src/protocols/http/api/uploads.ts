/** Files that are sent (multipart/form-data): one, `file`, with text fields beside it. What is larger than is taken is not read to its end. */
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'

/** The bytes of a file, in a body. */
export const fileSchema = z
  .custom<Buffer>((value) => Buffer.isBuffer(value), 'must be a file')
  .meta({ type: 'string', format: 'binary' })

/** An answer that is a file, whatever its kind. */
export const fileAnswer = (description: string) => ({
  description,
  content: { 'application/octet-stream': { schema: fileSchema } },
})

const FIELDS = 20
const FIELD_BYTES = 2000

/** Makes the body of what was sent, for the schema to look at. @throws `bad-request`, `too-large` */
export async function readUpload(request: FastifyRequest): Promise<void> {
  const { upload } = request.routeOptions.config
  if (upload === undefined) return
  if (!request.isMultipart()) throw clientError('bad-request', 'Send the file as multipart/form-data')
  const body: Record<string, unknown> = {}
  const limits = { fileSize: upload, files: 1, fields: FIELDS, fieldSize: FIELD_BYTES }
  for await (const part of request.parts({ limits })) {
    if (part.type === 'field') body[part.fieldname] = part.value
    else if (part.fieldname === 'file') body['file'] = await bytesOf(part.file, upload)
    else throw clientError('bad-request', `The file is sent as "file", not as "${part.fieldname}"`)
  }
  request.body = body
}

async function bytesOf(stream: AsyncIterable<Buffer> & { readonly truncated: boolean }, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  if (stream.truncated) throw clientError('too-large', `The file has more than ${most} bytes`)
  return Buffer.concat(chunks)
}
