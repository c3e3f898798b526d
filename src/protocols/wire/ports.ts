/** A service on two ports: TLS from the first byte, and in clear until the client asks for TLS. TLS is 1.2 or later. */
import { createServer as createPlainServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import type { SecureContext } from 'node:tls'
import type { ConnectionLimits } from '../../base/connection-limits.ts'

export interface TlsKeys {
  /** PEM; should be P-256 */
  readonly key: string
  /** PEM, with its chain */
  readonly cert: string
}

/** What a service does for one client. */
export interface Served {
  /** Serves the client until its connection has ended. Never rejects. */
  serve(): Promise<void>
  /** Asks it to end soon. */
  shutDown(): void
}

export interface PortsDeps<C extends Served> {
  readonly tls: TlsKeys
  /** milliseconds that a client may take for the TLS handshake */
  readonly handshakeTime: number
  /** connections at a time */
  readonly connections: number
  /** how many of one client address, and what else is counted of a client */
  readonly perClient: ConnectionLimits
  /** what a client hears that is one too many: of all, or of those from its address */
  readonly farewells: { readonly full: string; readonly perClient: string }
  accept(socket: Socket, context: SecureContext): C
}

export interface Ports {
  /** Starts to listen; 0 asks for any free port. Answers the ports that are used. */
  listen(where: { host: string; tlsPort: number; starttlsPort: number }): Promise<{ tlsPort: number; starttlsPort: number }>
  /** Takes no more clients, asks those that are there to end, and answers when all are gone. */
  close(): Promise<void>
}

/** The ports, and the clients that are served there now. */
export interface ServedPorts<C extends Served> extends Ports {
  readonly clients: Iterable<C>
}

export function createPorts<C extends Served>(deps: PortsDeps<C>): ServedPorts<C> {
  const { tls, handshakeTime, connections, perClient, farewells, accept } = deps
  const secure = { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' } as const
  const context = createSecureContext(secure)
  const clients = new Map<C, Promise<void>>()

  function serve(socket: Socket): void {
    // Its handshake was not over when the server was asked to close, and nobody would ask it to end.
    if (!tlsServer.listening) return void socket.destroy()
    if (clients.size >= connections) return turnAway(socket, farewells.full)
    if (!perClient.connected(socket, socket.remoteAddress ?? '')) return turnAway(socket, farewells.perClient)
    const client = accept(socket, context)
    clients.set(
      client,
      client.serve().finally(() => {
        clients.delete(client)
        perClient.closed(socket)
        // Its account was counted by the session.
        perClient.closed(client)
      }),
    )
  }

  const tlsServer = createTlsServer({ ...secure, handshakeTimeout: handshakeTime }, serve)
  const plainServer = createPlainServer(serve)
  // A failed handshake is the client's affair.
  tlsServer.on('tlsClientError', (_error, socket) => socket.destroy())

  return {
    clients: { [Symbol.iterator]: () => clients.keys() },
    async listen({ host, tlsPort, starttlsPort }) {
      await Promise.all([start(tlsServer, host, tlsPort), start(plainServer, host, starttlsPort)])
      return { tlsPort: portOf(tlsServer), starttlsPort: portOf(plainServer) }
    },
    async close() {
      const closed = Promise.all([stop(tlsServer), stop(plainServer)])
      for (const client of clients.keys()) client.shutDown()
      await Promise.all(clients.values())
      await closed
    },
  }
}

function turnAway(socket: Socket, farewell: string): void {
  socket.on('error', () => socket.destroy())
  socket.end(farewell)
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
