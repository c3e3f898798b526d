/**
 * `Idempotency-Key`: who asks again with the same key, because the line broke or a button was pressed twice, gets the answer that was given, and
 * nothing is done again. For every operation that changes something and takes a key.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { clientError } from '../../../base/errors.ts'
import type { IdempotencyKeys, KeyedWork } from '../../../registry/idempotency-keys.ts'
import { nameOf } from './principal.ts'

const HEADER = 'idempotency-key'
const KEY = /^[\x21-\x7e]{16,128}$/

/** All that is asked: another body under the same key is another request. */
function digestOf({ method, url, body }: FastifyRequest): Buffer {
  const hash = createHash('sha256').update(`${method} ${url}\n`)
  const files: Buffer[] = []
  // What a file is, its holder says: the value that is passed has been made to numbers by then.
  const text = JSON.stringify(body ?? null, function (this: Readonly<Record<string, unknown>>, name, shown: unknown) {
    const value = this[name]
    if (!(value instanceof Uint8Array)) return shown
    files.push(createHash('sha256').update(value).digest())
    return `file ${files.length}`
  })
  hash.update(text)
  for (const file of files) hash.update(file)
  return hash.digest()
}

interface KeptAnswer {
  readonly status: number
  readonly type: string | undefined
  readonly body: string
}

export function keepAnswers(api: FastifyInstance, keys: IdempotencyKeys): void {
  const works = new WeakMap<FastifyRequest, KeyedWork>()

  api.addHook('preHandler', async (request, answer) => {
    const key = request.headers[HEADER]
    if (key === undefined || request.method === 'GET' || request.method === 'HEAD') return
    if (typeof key !== 'string' || !KEY.test(key))
      throw clientError('bad-idempotency-key', 'An Idempotency-Key has 16 to 128 visible characters: use a UUID')
    const work = await keys.begin({ maker: nameOf(request.principal), key, request: digestOf(request) })
    if (work.answer === null) {
      works.set(request, work)
      return
    }
    const { status, type, body } = JSON.parse(work.answer.toString()) as KeptAnswer
    if (type !== undefined) answer.type(type)
    return answer
      .code(status)
      .header('idempotent-replayed', 'true')
      .serializer((text: string) => text)
      .send(body)
  })

  api.addHook('onSend', async (request, answer, payload) => {
    const work = works.get(request)
    if (!work) return
    works.delete(request)
    if (answer.statusCode >= 300 || (typeof payload !== 'string' && payload !== undefined && payload !== null))
      return work.failed()
    const kept: KeptAnswer = {
      status: answer.statusCode,
      type: answer.getHeader('content-type')?.toString(),
      body: typeof payload === 'string' ? payload : '',
    }
    await work.done(Buffer.from(JSON.stringify(kept)))
  })
}
