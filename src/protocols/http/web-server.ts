/**
 * The HTTPS server: the API (api/), health for those who watch the service, this provider's record for the central directory, the pages of
 * web/, the links in alerts, and a first page with the parameters that a mail client needs.
 */
import { fastify, type FastifyInstance } from 'fastify'
import { asCeralaccaError } from '../../base/errors.ts'
import type { EventSink } from '../../base/events.ts'
import { registerPage } from './built-page.ts'
import { registerAlertLinks, type AlertLinksDeps } from './alert-links.ts'
import { registerApi } from './api/api.ts'
import type { ApiDeps } from './api/parts.ts'
import { createProblemAnswer } from './api/problems.ts'
import { basicCredentials } from './api/ways-in.ts'
import { registerOperatorApi } from './operator-api.ts'
import type { OperatorAccess } from '../../registry/operators/access.ts'
import { welcomePage, type ClientParameters } from './welcome-page.ts'

export interface WebServerDeps {
  readonly tls: { readonly key: string; readonly cert: string }
  /** Resolves if the service can do its work; throws what hinders it. */
  readonly probe: () => Promise<void>
  readonly parameters: ClientParameters
  readonly authenticateOperator: (name: string, password: string, clientAddress: string) => Promise<void>
  /** without it there is no API for operators */
  readonly operatorAccess?: OperatorAccess
  /** without them the links in alerts lead nowhere */
  readonly alerts?: AlertLinksDeps['alerts']
  readonly api?: Omit<ApiDeps, 'report' | 'parameters'>
  /** Figures for operators: nothing of any holder. */
  readonly status: () => Promise<object>
  /** This provider's own record, signed (.p7m). */
  readonly directoryRecord: () => Promise<Buffer>
  /** built pages by their paths */
  readonly pages?: ReadonlyMap<string, Buffer>
  readonly report: EventSink
}

export interface WebServer {
  listen(options: { host: string; port: number }): Promise<number>
  close(): Promise<void>
}

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** RFC 6109 4.5.6 */
const SIGNED_DATA = 'application/pkcs7-mime; smime-type=signed-data'

export function createWebServer(deps: WebServerDeps): WebServer {
  const { tls, probe, parameters, authenticateOperator, status, directoryRecord, operatorAccess, alerts, api, report } = deps
  const app: FastifyInstance = fastify({ https: { ...tls, minVersion: 'TLSv1.2' }, forceCloseConnections: true })
  const page = welcomePage(parameters)

  app.addHook('onSend', async (_request, answer) => void answer.headers(SECURITY_HEADERS))

  app.get('/healthz', async (_request, answer) => {
    try {
      await probe()
      return { status: 'ok' }
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      report('unexpected-error', { where: 'healthz', error })
      return answer.code(503).send({ status: 'unavailable', code: error.code })
    }
  })

  app.route({
    method: 'GET',
    url: '/api/v1/status',
    errorHandler: createProblemAnswer(report),
    async handler(request) {
      const { name, password } = basicCredentials(request) ?? { name: '', password: '' }
      await authenticateOperator(name, password, request.ip)
      return status()
    },
  })

  if (operatorAccess) registerOperatorApi(app, { access: operatorAccess, report })
  if (alerts) registerAlertLinks(app, { alerts, report })
  if (api) registerApi(app, { ...api, parameters, report })

  app.get('/directory/record.ldif.p7m', async (_request, answer) => {
    try {
      return await answer.type(SIGNED_DATA).send(await directoryRecord())
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      report('unexpected-error', { where: 'directory record', error })
      return answer.code(503).type('application/json').send({ code: error.code })
    }
  })

  for (const [path, page] of deps.pages ?? []) registerPage(app, path, page)

  app.get('/', async (_request, answer) => answer.type('text/html; charset=utf-8').send(page))

  return {
    async listen({ host, port }) {
      await app.listen({ host, port })
      const [address] = app.addresses()
      return typeof address === 'object' ? address.port : port
    },
    close: () => app.close(),
  }
}
