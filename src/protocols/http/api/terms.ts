/** The texts of the terms: whoever types an agreement's code reads what he is to accept; operators store them. */
import { z } from 'zod'
import type { TermsText } from '../../../registry/agreement/terms-texts.ts'
import type { FastifyReply } from 'fastify'
import type { Api, ApiDeps } from './parts.ts'
import { languageSchema, listOf } from './schemas.ts'
import { fileAnswer, fileSchema } from './uploads.ts'

/** More than a text may have, so that the registry says what is too large. */
const MOST_UPLOADED = 6_000_000

const textSchema = z
  .object({
    version: z.string(),
    language: languageSchema,
    validFrom: z.string().describe('the first day on which it may be accepted'),
    mediaType: z.string().describe('text/plain (UTF-8) or application/pdf'),
    size: z.int().describe('bytes'),
    sha256: z.string().describe('hexadecimal, of the bytes: the request of who accepts the text names it'),
  })
  .meta({ id: 'TermsText' })

const storedSchema = textSchema.extend({ addedAt: z.date(), addedBy: z.string() }).meta({ id: 'StoredTermsText' })

/** It is shown in the browser: a text is no HTML, and nothing of a PDF runs. */
const send = (answer: FastifyReply, { text, bytes }: { text: TermsText; bytes: Buffer }): FastifyReply => {
  const { version, language, mediaType, sha256 } = text
  return answer
    .type(mediaType === 'text/plain' ? 'text/plain; charset=utf-8' : mediaType)
    .header('content-disposition', `inline; filename="terms-${version}-${language}"`)
    .header('content-language', language)
    .header('etag', `"${sha256}"`)
    .header('x-content-type-options', 'nosniff')
    .send(bytes)
}

export function termsRoutes(api: Api, { desk: { agreements, termsTexts } }: Pick<ApiDeps, 'desk'>): void {
  api.get(
    '/agreements/:code/terms',
    {
      schema: {
        operationId: 'listTerms',
        summary: 'The texts of the version of the terms that counts now, by language',
        params: z.object({ code: z.string() }),
        response: { 200: z.object({ version: z.string(), texts: listOf(textSchema) }) },
      },
    },
    async ({ params }) => {
      const { termsVersion: version } = await agreements.inForce(params.code)
      return { version, texts: (await termsTexts.list()).filter((text) => text.version === version) }
    },
  )

  api.get(
    '/agreements/:code/terms/:language',
    {
      schema: {
        operationId: 'getTerms',
        summary: 'The text of the terms that count now, byte for byte; its SHA-256 is the ETag',
        params: z.object({ code: z.string(), language: languageSchema }),
        response: { 200: fileAnswer('The text') },
      },
    },
    async ({ params: { code, language } }, answer) =>
      send(answer, await termsTexts.get((await agreements.inForce(code)).termsVersion, language)),
  )

  api.get(
    '/terms',
    {
      schema: {
        operationId: 'listStoredTerms',
        summary: 'All texts of the terms, by version and language',
        response: { 200: z.object({ items: listOf(storedSchema) }) },
      },
    },
    async () => ({ items: await termsTexts.list() }),
  )

  api.post(
    '/terms',
    {
      config: { upload: MOST_UPLOADED },
      schema: {
        operationId: 'addTerms',
        summary: 'Store a text of the terms, plain (UTF-8) or PDF; it stays as it is',
        consumes: ['multipart/form-data'],
        body: z.object({
          file: fileSchema,
          version: z.string().max(40),
          language: languageSchema,
          validFrom: z.string().describe('the first day on which it may be accepted'),
        }),
        response: { 201: storedSchema },
      },
    },
    async ({ body: { file: bytes, ...text }, actor }, answer) =>
      answer.code(201).send(await termsTexts.add({ ...text, bytes }, actor)),
  )

  api.get(
    '/terms/:version/:language',
    {
      schema: {
        operationId: 'getStoredTerms',
        summary: 'A text of the terms, byte for byte; its SHA-256 is the ETag',
        params: z.object({ version: z.string(), language: languageSchema }),
        response: { 200: fileAnswer('The text') },
      },
    },
    async ({ params: { version, language } }, answer) => send(answer, await termsTexts.get(version, language)),
  )
}
