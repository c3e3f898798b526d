/** A page of web/: one file, the same for all. */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'

const POLICY = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/

/** The page says itself what it may do, for when it is kept; sent by a server it may not be framed either, which only a header can say. */
function policyOf(page: Buffer): string {
  const [, policy] = POLICY.exec(page.toString('latin1', 0, 2000)) ?? []
  if (policy === undefined) throw new Error('a page of web/ has no policy: build it again')
  return `${policy}; frame-ancestors 'none'`
}

/** @param page as scripts/build-web.mjs has made it */
export function registerPage(app: FastifyInstance, path: string, page: Buffer): void {
  const policy = policyOf(page)
  const tag = `"${createHash('sha256').update(page).digest('base64url')}"`
  const packed = promisify(gzip)(page)

  app.get(
    path,
    // After the headers of all answers, which have a policy of their own.
    { onSend: async (_request, answer) => void answer.header('content-security-policy', policy) },
    async (request, answer) => {
      answer.headers({ etag: tag, 'cache-control': 'no-cache', vary: 'accept-encoding' })
      if (request.headers['if-none-match'] === tag) return answer.code(304).send()
      answer.type('text/html; charset=utf-8')
      const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
      return takesGzip ? answer.header('content-encoding', 'gzip').send(await packed) : answer.send(page)
    },
  )
}
