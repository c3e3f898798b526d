/**
 * The IMAP server (RFC 3501). See README.md of this folder.
 */
import { createServer as createPlainServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import { createConnectionLimits, type ConnectionLimits } from '../../base/connection-limits.ts'
import { Connection } from './connection.ts'
import { watchRest } from './hibernation.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { ImapLimits } from './limits.ts'
import type { SessionDeps } from './session.ts'

export interface ImapDeps extends Omit<SessionDeps, 'limits' | 'connections'> {
  /** PEM; the key should be P-256 */
  readonly tls: { readonly key: string; readonly cert: string }
  readonly limits?: Partial<ImapLimits>
  /** shared with other services; default: its own */
  readonly connections?: ConnectionLimits
}

export interface ImapServer {
  /** Starts to listen; 0 asks for any free port. Answers the ports that are used. */
  listen(where: { host: string; tlsPort: number; starttlsPort: number }): Promise<{ tlsPort: number; starttlsPort: number }>
  /** Takes no more clients, says good-bye to those that are there, and answers when all are gone. */
  close(): Promise<void>
}

export function createImapServer({ tls, limits, connections: shared = createConnectionLimits(), ...rest }: ImapDeps): ImapServer {
  const deps: SessionDeps = { ...rest, connections: shared, limits: { ...DEFAULT_LIMITS, ...limits } }
  const secure = { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' } as const
  const context = createSecureContext(secure)
  const connections = new Set<Connection>()
  const stopWatching = watchRest(connections, deps.limits.hibernate)

  const serve = (socket: Socket): void => {
    // Its handshake was not over when the server was asked to close, and nobody would ask it to end.
    if (!tlsServer.listening) return void socket.destroy()
    if (connections.size >= deps.limits.connections) return turnAway(socket, '[UNAVAILABLE] Too many connections')
    if (!shared.connected(socket, socket.remoteAddress ?? ''))
      return turnAway(socket, '[LIMIT] Too many connections from your address')
    const connection = new Connection(deps, socket, context)
    connections.add(connection)
    void connection.serve().finally(() => {
      connections.delete(connection)
      shared.closed(socket)
      // Its account was counted by the session.
      shared.closed(connection)
    })
  }

  const tlsServer = createTlsServer({ ...secure, handshakeTimeout: deps.limits.loginTime }, serve)
  const plainServer = createPlainServer(serve)
  // A failed handshake is the client's affair.
  tlsServer.on('tlsClientError', (_error, socket) => socket.destroy())

  return {
    async listen({ host, tlsPort, starttlsPort }) {
      await Promise.all([start(tlsServer, host, tlsPort), start(plainServer, host, starttlsPort)])
      return { tlsPort: portOf(tlsServer), starttlsPort: portOf(plainServer) }
    },
    async close() {
      stopWatching()
      const closed = Promise.all([stop(tlsServer), stop(plainServer)])
      for (const connection of connections) connection.shutDown()
      await closed
    },
  }
}

function turnAway(socket: Socket, text: string): void {
  socket.on('error', () => socket.destroy())
  socket.end(`* BYE ${text}\r\n`)
}

function start(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port
