/** For tests: a receiver of webhooks with a TLS certificate of a test authority, whose answers the test decides. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createTestAuthority } from '../seal/test-authority.ts'
import type { TestScope } from '../storage/test-database.ts'

export interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly event: { readonly type: string; readonly timestamp: string; readonly data: Readonly<Record<string, unknown>> }
}

const authority = await createTestAuthority({ name: 'Webhooks', now: Date.now() })
const tls = await authority.issueTlsCertificate({ names: ['localhost', '127.0.0.1'] })

export const RECEIVER_CA = authority.certificate

/** Answers with a status; 0: never. */
type Decide = (received: Received, answer: ServerResponse) => number

export async function startReceiver(scope: TestScope, decide: Decide = () => 204) {
  const received: Received[] = []
  const rule = { decide }
  const server = createServer({ key: tls.key, cert: tls.certificate }, (request, answer) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString()
      const one = { headers: request.headers, body, event: JSON.parse(body) as Received['event'] }
      received.push(one)
      const status = rule.decide(one, answer)
      if (status > 0) answer.writeHead(status).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `https://localhost:${port}/hook`,
    received,
    rule,
    /** identifiers of what came, in order */
    ids: (): string[] => received.map(({ headers }) => String(headers['webhook-id'])),
    types: (): string[] => received.map(({ event }) => event.type),
  }
}
